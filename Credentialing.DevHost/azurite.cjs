// Runs Azurite with its own arguments until DevHost exits.
require('./stop-with-devhost.cjs');
require('azurite/dist/src/azurite.js');
