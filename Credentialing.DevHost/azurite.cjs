// Runs Azurite, with its own arguments, as long as DevHost lives.
require('./lives-with-devhost.cjs');
require('azurite/dist/src/azurite.js');
