//! Texts, numbers and words.

use super::{Parser, malformed};
use crate::json::number::{scientific_exponent, signed};
use crate::json::text::{hex, plain_run};
use crate::json::{Kind, Malformed};

impl<'t> Parser<'t> {
    pub(super) fn word(&mut self, word: &str, kind: Kind) -> Result<(), Malformed> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word.as_bytes()) {
            return self.fail("not the beginning of a JSON value");
        }
        self.at += word.len();
        self.push(kind, start, false);
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fail("a control character inside a string"),
                None => return self.fail("a string without an end"),
            }
        }
        self.at += 1;
        self.push(Kind::String, start, escaped);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(self.at)?;
                let pair = (0xD800..0xDC00).contains(&unit)
                    && self.bytes[self.at + 6..].starts_with(b"\\u")
                    && (0xDC00..0xE000).contains(&self.unit(self.at + 6)?);
                if pair {
                    self.at += 12;
                    return Ok(());
                }
                if unit == 0 || (0xD800..0xE000).contains(&unit) {
                    self.repairs.push(self.at);
                }
                self.at += 6;
            }
            _ => return self.fail("an unknown escape"),
        }
        Ok(())
    }

    /// The UTF-16 code unit of the escape `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Result<u32, Malformed> {
        let digits = self.bytes.get(at + 2..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return Err(malformed("\\u without four hexadecimal digits", at)) };
        Ok(hex(digits))
    }

    pub(super) fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let integer = self.digits();
        if integer.is_empty() {
            return self.fail("a number without digits");
        }
        if integer.len() > 1 && integer.starts_with('0') {
            return Err(malformed("a number with a leading zero", start));
        }
        let mut fraction = "";
        if self.peek() == Some(b'.') {
            self.at += 1;
            fraction = self.digits();
            if fraction.is_empty() {
                return self.fail("a decimal point without digits after it");
            }
        }
        let mut exponent = 0;
        let plain = !matches!(self.peek(), Some(b'e' | b'E'));
        // Without an exponent, a number's size is less than the count of its digits.
        if plain && self.at - start <= self.limits.number_bytes && signed(self.at - start) <= self.limits.exponent {
            self.push(Kind::Number, start, false);
            return Ok(());
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            let negative = self.peek() == Some(b'-');
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            let digits = self.digits();
            if digits.is_empty() {
                return self.fail("an exponent without digits");
            }
            exponent = digits.parse::<i64>().unwrap_or(i64::MAX / 2);
            if negative {
                exponent = -exponent;
            }
        }
        if self.at - start > self.limits.number_bytes {
            return Err(malformed(format!("a number of {} characters", self.at - start), start));
        }
        if scientific_exponent(integer, fraction, exponent).is_some_and(|exponent| exponent.abs() > self.limits.exponent) {
            return Err(malformed(format!("a number whose exponent is beyond ±{}", self.limits.exponent), start));
        }
        self.push(Kind::Number, start, false);
        Ok(())
    }

    fn digits(&mut self) -> &'t str {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }
}
