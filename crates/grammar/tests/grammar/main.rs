//! Tests of grammars against what they are to accept: answers of random models, with the vocabularies of bytes and of a real model.

mod constraint;
mod gbnf;
mod hostile;
mod json_schema;
mod model;
mod notations;
mod schemas;
mod tools;
mod vocabularies;
