-- Schema 10 of the store database: names and types are a contract with other programs.
create table if not exists ValidPaths (
    id               integer primary key autoincrement not null,
    path             text unique not null, -- full path
    hash             text not null, -- of the archive, sha256:<base 16>
    registrationTime integer not null, -- seconds since 1970
    deriver          text,
    narSize          integer,
    ultimate         integer, -- 1: built here
    sigs             text, -- with spaces between
    ca               text -- content address, if the path follows from the content
);

create table if not exists Refs (
    referrer  integer not null,
    reference integer not null,
    primary key (referrer, reference),
    foreign key (referrer) references ValidPaths(id) on delete cascade,
    foreign key (reference) references ValidPaths(id) on delete restrict
);

create index if not exists IndexReferrer on Refs(referrer);
create index if not exists IndexReference on Refs(reference);

-- A path that refers to itself would keep itself from being deleted.
create trigger if not exists DeleteSelfRefs before delete on ValidPaths
  begin
    delete from Refs where referrer = old.id and reference = old.id;
  end;

create table if not exists DerivationOutputs (
    drv  integer not null,
    id   text not null, -- name of the output
    path text not null,
    primary key (drv, id),
    foreign key (drv) references ValidPaths(id) on delete cascade
);

create index if not exists IndexDerivationOutputs on DerivationOutputs(path);

create table if not exists SchemaMigrations (migration text primary key not null);
