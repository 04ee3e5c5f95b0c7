# Its ids are its own.
{ services.couchdb.enable = true; }
