// Runs Azurite with its own arguments until DevHost ends.
require('./lives-with-devhost.cjs');
require('azurite/dist/src/azurite.js');
