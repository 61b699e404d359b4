//! Characters that a reader of any platform does not see, or that move others about. Shared by the readers of markup, and by
//! nothing of the bot.

/// Those of a text; line breaks are seen.
pub fn unseen(text: &str) -> Vec<char> {
    text.chars().filter(|&c| is_unseen(c)).collect()
}

fn is_unseen(c: char) -> bool {
    let control = c.is_control() && c != '\n';
    let directs =
        matches!(u32::from(c), 0x061c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069);
    let takes_no_room = matches!(
        u32::from(c),
        0x00ad | 0x034f | 0x180e | 0x200b..=0x200d | 0x2060..=0x2065 | 0xfeff | 0xe0000..=0xe007f
    );
    control || directs || takes_no_room
}
