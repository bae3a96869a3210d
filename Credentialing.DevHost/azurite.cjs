// Runs Azurite with its own arguments until DevHost exits.
require('./stop-with-devhost.cjs');
// Every ten minutes, Azurite deletes the data of replaced and deleted blobs. It sends no response meanwhile, and the time grows with the
// square of their number: minutes for 20,000. Once, at its start, is enough.
require('azurite/dist/src/blob/utils/constants.js').DEFAULT_GC_INTERVAL_MS = 2 ** 31 - 1;
require('azurite/dist/src/azurite.js');
