// Owns: the reading of Discord's part of a snapshot: channels, people, commands and messages in the shape that the rest of
//       the page draws, so that both faces share everything but the look of a message and the way to type a command.

/** The snapshot as the Discord face sees it. */
export function throughDiscord(state) {
  const guild = state.discord;
  return {
    ...state,
    workspace: { name: guild.guild.name, team: guild.guild.id },
    users: guild.users,
    bot: guild.bot,
    channels: guild.channels,
    messages: Object.fromEntries(guild.channels.map(({ id }) => [id, withThreads(id, guild.messages)])),
    commands: guild.commands.map(commandOf),
    modals: Object.fromEntries(Object.entries(guild.modals).map(([user, modal]) => [user, modalOf(modal)])),
  };
}

/** A channel's messages, each thread's behind them: a thread has the id of the message that it began from. */
function withThreads(channel, rooms) {
  const own = (rooms[channel] ?? []).map((message) => messageOf(message, null));
  const below = own.flatMap(({ ts }) => (rooms[ts] ?? []).map((message) => messageOf(message, ts)));
  return [...own, ...below];
}

function messageOf(raw, thread) {
  const blocks = [
    ...(raw.loading ? [{ type: "words", text: "", loading: true }] : []),
    ...(raw.content ? [{ type: "words", text: raw.content }] : []),
    ...raw.embeds.map((embed) => ({ type: "embed", embed })),
    ...raw.components.map((row) => ({ type: "row", row, room: raw.channel_id })),
  ];
  const command = raw.interaction?.kind === 2 ? raw.interaction : null;
  return {
    ts: raw.id,
    room: raw.channel_id,
    user: raw.user === "0" ? "Discord" : raw.user,
    bot: raw.bot,
    text: raw.content || raw.embeds[0]?.title || raw.embeds[0]?.description || "",
    blocks,
    command: command && { user: command.user, line: command.command },
    thread_ts: thread,
    can_reply: Boolean(raw.thread),
    ephemeral_for: raw.ephemeral_for,
    edited_at: raw.edited_at,
    at: raw.at,
  };
}

const plain = (text) => ({ type: "plain_text", text, emoji: false });

/** A form, as the page draws forms. */
function modalOf(modal) {
  const blocks = modal.inputs.map((input) => ({
    type: "input",
    block_id: input.custom_id,
    label: plain(input.label),
    optional: !input.required,
    element: {
      multiline: input.is_long,
      max_length: input.max,
      initial_value: input.value,
      placeholder: input.placeholder && plain(input.placeholder),
    },
  }));
  return {
    id: modal.id,
    view: { title: plain(modal.title), blocks },
    errors: {},
    trouble: null,
    send_to: "/console/discord/form",
    close_at: "/console/discord/close",
  };
}

const SUBCOMMAND = 1;

function commandOf(command) {
  const all = command.options ?? [];
  const subcommands = all.filter((option) => option.type === SUBCOMMAND);
  const options = all.filter((option) => option.type !== SUBCOMMAND);
  return {
    command: `/${command.name}`,
    description: command.description,
    usage_hint: usage(options),
    options,
    subcommands: subcommands.map((sub) => ({
      name: sub.name,
      summary: sub.description,
      usage: `${sub.name} ${usage(sub.options ?? [])}`.trim(),
      options: sub.options ?? [],
    })),
  };
}

const usage = (options) =>
  options.map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`)).join(" ");
