//! What a document says, whether in TOML or in JSON: values, each with its line.

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Where it begins, from 1.
    pub line: u32,
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Text(String),
    Integer(i64),
    Boolean(bool),
    /// JSON alone.
    Null,
    Array(Vec<Value>),
    Table(Table),
}

/// Members in the order of the file; no name twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table(pub Vec<(Key, Value)>);

/// A member's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: String,
    pub line: u32,
}

impl Value {
    /// A member of a table.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.table()?.get(name)
    }

    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn integer(&self) -> Option<i64> {
        match self.data {
            Data::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    pub fn boolean(&self) -> Option<bool> {
        match self.data {
            Data::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    pub fn array(&self) -> Option<&[Self]> {
        match &self.data {
            Data::Array(values) => Some(values),
            _ => None,
        }
    }

    pub fn table(&self) -> Option<&Table> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What it is called in messages.
    pub fn kind(&self) -> &'static str {
        match self.data {
            Data::Text(_) => "a string",
            Data::Integer(_) => "a number",
            Data::Boolean(_) => "true or false",
            Data::Null => "null",
            Data::Array(_) => "a list",
            Data::Table(_) => "a table",
        }
    }
}

impl Table {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0
            .iter_mut()
            .find(|(key, _)| key.name == name)
            .map(|(_, value)| value)
    }
}
