//! Pictures of screens, made easier to read for a program that reads text.

/// A picture in shades of grey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    grey: Vec<u8>,
}

impl Picture {
    /// Reads the binary form of the portable pixmap format (`P6` with 8 bits a colour), as QEMU writes it.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut numbers = [0; 3];
        let mut rest = bytes.strip_prefix(b"P6")?;
        for number in &mut numbers {
            let start = rest.iter().position(u8::is_ascii_digit)?;
            let length = rest[start..].iter().position(|byte| !byte.is_ascii_digit())?;
            let digits = std::str::from_utf8(&rest[start..start + length]).ok()?;
            *number = digits.parse::<usize>().ok()?;
            rest = &rest[start + length..];
        }
        let [width, height, depth] = numbers;
        if width == 0 || height == 0 || depth != 255 {
            return None;
        }
        let pixels = rest.get(1..)?.get(..width.checked_mul(height)?.checked_mul(3)?)?;
        let brightness = |pixel: &[u8]| {
            let sum =
                u32::from(pixel[0]) * 77 + u32::from(pixel[1]) * 151 + u32::from(pixel[2]) * 28;
            (sum >> 8) as u8
        };
        Some(Self { width, height, grey: pixels.chunks_exact(3).map(brightness).collect() })
    }

    /// The same picture, `factor` times as wide and high; shades in between are mixed, so that letters keep
    /// their shape.
    pub fn enlarged(&self, factor: usize) -> Self {
        let (width, height) = (self.width * factor, self.height * factor);
        let mut grey = Vec::with_capacity(width * height);
        for y in 0..height {
            let (top, below) = neighbours(y, factor, self.height);
            for x in 0..width {
                let (left, right) = neighbours(x, factor, self.width);
                let mix = |row: usize| self.mix(row, left, right);
                let sum = mix(top.0) * top.1 + mix(below.0) * below.1;
                grey.push((sum / (4 * factor * factor)) as u8);
            }
        }
        Self { width, height, grey }
    }

    fn mix(&self, row: usize, left: Weighted, right: Weighted) -> usize {
        let at = |x: usize| usize::from(self.grey[row * self.width + x]);
        at(left.0) * left.1 + at(right.0) * right.1
    }

    /// Dark becomes light.
    pub fn inverted(mut self) -> Self {
        self.grey.iter_mut().for_each(|shade| *shade = 255 - *shade);
        self
    }

    /// The binary form of the portable greymap format.
    pub fn to_pgm(&self) -> Vec<u8> {
        let mut bytes = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        bytes.extend(&self.grey);
        bytes
    }
}

/// A row or column and its weight.
type Weighted = (usize, usize);

/// The two rows (or columns) of a picture between whose centres that of row `at` of the enlarged one lies,
/// with weights that add up to twice the factor.
fn neighbours(at: usize, factor: usize, count: usize) -> (Weighted, Weighted) {
    let last = count.saturating_sub(1);
    // In units of half a new row, from the centre of the first old one.
    let place = (2 * at + 1).saturating_sub(factor);
    let (first, right) = (place / (2 * factor), place % (2 * factor));
    ((first.min(last), 2 * factor - right), ((first + 1).min(last), right))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn grey(width: usize, height: usize, grey: &[u8]) -> Picture {
        Picture { width, height, grey: grey.to_vec() }
    }

    #[test]
    fn reads_what_qemu_writes() {
        let bytes = b"P6\n2 1\n255\n\xff\xff\xff\x00\x00\xff";
        assert_eq!(Picture::read(bytes).unwrap(), grey(2, 1, &[255, 27]));
        assert_eq!(Picture::read(&bytes[..bytes.len() - 1]), None, "too short");
        assert_eq!(Picture::read(b"P5\n1 1\n255\n\0"), None);
    }

    #[test]
    fn enlarging_mixes() {
        let large = grey(2, 1, &[0, 240]).enlarged(2);
        assert_eq!(large, grey(4, 2, &[0, 60, 180, 240, 0, 60, 180, 240]));
        assert_eq!(grey(1, 1, &[7]).enlarged(3), grey(3, 3, &[7; 9]));
    }

    #[test]
    fn writes_greymaps() {
        assert_eq!(grey(1, 2, &[1, 255]).inverted().to_pgm(), b"P5\n1 2\n255\n\xfe\x00");
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60), head in any::<bool>()) {
            let start: &[u8] = if head { b"P6 3 2 255 " } else { b"P6" };
            if let Some(picture) = Picture::read(&[start, &bytes].concat()) {
                prop_assert_eq!(picture.enlarged(3).grey.len(), picture.grey.len() * 9);
            }
        }
    }
}
