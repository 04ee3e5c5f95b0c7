//! SHA-256 of two texts side by side. The processor's instructions for it wait for each other's
//! results most of the time; with two hashes in turns, the second costs almost nothing.
//!
//! Source: FIPS 180-4; Intel, "Intel SHA Extensions", 2013, for the order of words in registers.

use sha2::block_api::compress256;

type State = [u32; 8];
type Block = [u8; 64];

const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The hashes of both texts.
pub(crate) fn sha256_pair(a: &[u8], b: &[u8]) -> [[u8; 32]; 2] {
    let texts = [a, b];
    let mut states = [START; 2];
    let blocks = texts.map(|text| text.as_chunks::<64>().0);
    let both = blocks[0].len().min(blocks[1].len());
    compress_pair(&mut states, [&blocks[0][..both], &blocks[1][..both]]);
    for ((state, blocks), text) in states.iter_mut().zip(blocks).zip(texts) {
        compress256(state, &blocks[both..]);
        let (last, count) = last_blocks(text);
        compress256(state, &last[..count]);
    }
    states.map(digest)
}

/// What follows a text's whole blocks: the rest, a one, zeros, and the length in bits.
fn last_blocks(text: &[u8]) -> ([Block; 2], usize) {
    let rest = text.as_chunks::<64>().1;
    let count = if rest.len() < 56 { 1 } else { 2 };
    let mut last = [[0; 64]; 2];
    let bytes = last.as_flattened_mut();
    bytes[..rest.len()].copy_from_slice(rest);
    bytes[rest.len()] = 0x80;
    bytes[count * 64 - 8..count * 64].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    (last, count)
}

fn digest(state: State) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    bytes
}

/// Takes as many blocks of both texts in.
fn compress_pair(states: &mut [State; 2], blocks: [&[Block]; 2]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { x86::compress_pair(states, blocks) };
    }
    for (state, blocks) in states.iter_mut().zip(blocks) {
        compress256(state, blocks);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Block, State};

    /// The round constants, four to a register.
    static ROUNDS: [[u32; 4]; 16] = [
        [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
        [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
        [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
        [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
        [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
        [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
        [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
        [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
        [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
        [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
        [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
        [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
        [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
    ];

    /// One hash in registers: the words a, b, e, f and c, d, g, h, as the instructions want them.
    #[derive(Clone, Copy)]
    struct Lane {
        abef: __m128i,
        cdgh: __m128i,
        /// The last sixteen words of the message schedule.
        words: [__m128i; 4],
    }

    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: sixteen bytes are read, at any address.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn words(words: [u32; 4]) -> __m128i {
        let [a, b, c, d] = words.map(|word| word as i32);
        _mm_set_epi32(d, c, b, a)
    }

    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn lane(state: &State) -> Lane {
        let [a, b, c, d, e, f, g, h] = *state;
        let zero = _mm_setzero_si128();
        Lane { abef: words([f, e, b, a]), cdgh: words([h, g, d, c]), words: [zero; 4] }
    }

    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn state(lane: &Lane) -> State {
        let get = |register: __m128i| {
            [
                _mm_extract_epi32::<0>(register) as u32,
                _mm_extract_epi32::<1>(register) as u32,
                _mm_extract_epi32::<2>(register) as u32,
                _mm_extract_epi32::<3>(register) as u32,
            ]
        };
        let ([f, e, b, a], [h, g, d, c]) = (get(lane.abef), get(lane.cdgh));
        [a, b, c, d, e, f, g, h]
    }

    /// Four rounds of one hash with the words `4 * step..`; later steps compute these words.
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    #[inline]
    fn four_rounds<const STEP: usize>(lane: &mut Lane) {
        let (step, w) = (STEP, &mut lane.words);
        if STEP >= 4 {
            let (w0, w1, w2, w3) =
                (w[step & 3], w[(step + 1) & 3], w[(step + 2) & 3], w[(step + 3) & 3]);
            let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
            w[step & 3] = _mm_sha256msg2_epu32(sum, w3);
        }
        let with_constants = _mm_add_epi32(w[step & 3], words(ROUNDS[step]));
        lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, with_constants);
        let upper = _mm_shuffle_epi32::<0x0e>(with_constants);
        lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, upper);
    }

    /// Steps in a row: a loop would keep the words in memory, which costs a third of the speed.
    macro_rules! steps {
        ($a:ident, $b:ident: $($step:literal)*) => {$(
            four_rounds::<$step>(&mut $a);
            four_rounds::<$step>(&mut $b);
        )*};
    }

    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    pub(super) fn compress_pair(states: &mut [State; 2], blocks: [&[Block]; 2]) {
        // Words of a text have their first byte at the upper end.
        let turn = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        let (mut a, mut b) = (lane(&states[0]), lane(&states[1]));
        for (first, second) in blocks[0].iter().zip(blocks[1]) {
            let before = (a, b);
            let (first, second) = (first.as_chunks::<16>().0, second.as_chunks::<16>().0);
            for i in 0..4 {
                a.words[i] = _mm_shuffle_epi8(load(&first[i]), turn);
                b.words[i] = _mm_shuffle_epi8(load(&second[i]), turn);
            }
            steps!(a, b: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            a.abef = _mm_add_epi32(a.abef, before.0.abef);
            a.cdgh = _mm_add_epi32(a.cdgh, before.0.cdgh);
            b.abef = _mm_add_epi32(b.abef, before.1.abef);
            b.cdgh = _mm_add_epi32(b.cdgh, before.1.cdgh);
        }
        *states = [state(&a), state(&b)];
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn two_at_once_are_as_one_by_one() {
        let text: Vec<u8> = (0..700u32).map(|i| (i * 37 % 251) as u8).collect();
        for (a, b) in [(0, 0), (1, 64), (55, 56), (63, 119), (64, 128), (200, 190), (65, 700)] {
            let (a, b) = (&text[..a], &text[text.len() - b..]);
            let one_by_one: [[u8; 32]; 2] = [Sha256::digest(a).into(), Sha256::digest(b).into()];
            assert_eq!(sha256_pair(a, b), one_by_one, "{} and {} bytes", a.len(), b.len());
        }
    }
}
