//! One of the five fields: `*`, `5`, `1-5`, each of the first and the last with `/2` after it, with commas between them.

/// What a field may hold.
pub struct Field {
    /// What it is called in messages.
    pub name: &'static str,
    pub least: u32,
    pub most: u32,
    /// Names of the numbers from the least on.
    pub names: &'static [&'static str],
}

pub const MINUTE: Field = Field {
    name: "a minute",
    least: 0,
    most: 59,
    names: &[],
};
pub const HOUR: Field = Field {
    name: "an hour",
    least: 0,
    most: 23,
    names: &[],
};
pub const DAY: Field = Field {
    name: "a day of the month",
    least: 1,
    most: 31,
    names: &[],
};
pub const MONTH: Field = Field {
    name: "a month",
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
pub const WEEKDAY: Field = Field {
    name: "a day of the week",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/// Where in the field something is wrong, from 0, and what.
pub type Wrong = (usize, String);

impl Field {
    /// Bits of the numbers that a word names.
    pub fn parse(&self, word: &str) -> Result<u64, Wrong> {
        let mut set = 0;
        let mut at = 0;
        for part in word.split(',') {
            set |= self
                .range(part)
                .map_err(|(within, what)| (at + within, what))?;
            at += part.len() + 1;
        }
        Ok(set)
    }

    fn range(&self, text: &str) -> Result<u64, Wrong> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some((range.len() + 1, step))),
            None => (text, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((first, last)) => {
                let at = first.len() + 1;
                let (first, end) = (self.one(first, 0)?, self.one(last, at)?);
                // sat-sun: Sunday ends a week as well as it begins one.
                let sunday = self.most == 7 && end == 0 && last != "0";
                let end = if sunday { 7 } else { end };
                if end < first {
                    let what = format!(
                        "{} that is not before '{}' is expected, not '{last}'",
                        self.name,
                        &range[..at - 1]
                    );
                    return Err((at, what));
                }
                (first, end)
            }
            None => {
                let one = self.one(range, 0)?;
                if let Some((at, _)) = step {
                    let what = format!(
                        "a range or * is expected before a step, as in {range}-{}/2",
                        self.most
                    );
                    return Err((at - 1, what));
                }
                (one, one)
            }
        };
        let step = match step {
            None => 1,
            Some((at, text)) => {
                let number = decimal(text).filter(|number| (1..=self.most).contains(number));
                number.ok_or_else(|| {
                    let what = format!("a step from 1 to {} is expected, not '{text}'", self.most);
                    (at, what)
                })?
            }
        };
        let numbers = (first..=last).step_by(step as usize);
        Ok(numbers.fold(0, |set, number| set | 1 << number))
    }

    fn one(&self, text: &str, at: usize) -> Result<u32, Wrong> {
        let mut names = self.names.iter().zip(self.least..);
        let named = names.find(|(name, _)| name.eq_ignore_ascii_case(text));
        let number = named.map(|(_, number)| number).or_else(|| decimal(text));
        let good = number.filter(|number| (self.least..=self.most).contains(number));
        good.ok_or_else(|| {
            let names = match self.names {
                [] => String::new(),
                names => format!(" or a name as {}", names[0]),
            };
            let what = format!(
                "{} from {} to {}{names} is expected, not '{text}'",
                self.name, self.least, self.most
            );
            (at, what)
        })
    }
}

fn decimal(text: &str) -> Option<u32> {
    let good = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}
