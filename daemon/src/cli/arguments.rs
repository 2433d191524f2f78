//! The arguments of `commonsd`, declared; what they do is in the other files.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

/// Gateway of a neighbourhood's own network: aid requests, offers and notices, kept through power cuts.
///
/// Without a command it runs the gateway with its defaults.
#[derive(Debug, Parser)]
#[command(name = "commonsd", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Without a command: run.
    #[command(flatten)]
    pub run: RunArguments,
}

/// Which gateway a command speaks of.
#[derive(Clone, Debug, Default, Args)]
pub struct Where {
    /// The data directory [default: $COMMONSD_DATA, else /var/lib/commonsd for root, else ~/.local/share/commonsd]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    /// The configuration file [default: commonsd.toml in the data directory, if it is there]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}

/// The arguments of `run`.
#[derive(Clone, Debug, Default, Args)]
pub struct RunArguments {
    /// Which gateway.
    #[command(flatten)]
    pub place: Where,
    /// Where MQTT listens; may be repeated; port 0 takes any free one [default: 0.0.0.0:1883]
    #[arg(long, value_name = "ADDR:PORT")]
    pub mqtt: Vec<SocketAddr>,
    /// Where HTTP listens; may be repeated; port 0 takes any free one [default: 0.0.0.0:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub http: Vec<SocketAddr>,
    /// The gateway's name, shown to neighbours [default: made from its key]
    #[arg(long)]
    pub name: Option<String>,
    /// The neighbourhood's network [default: commons]
    #[arg(long)]
    pub network: Option<String>,
    /// Log more; may be repeated
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Log less; may be repeated
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub quiet: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway
    Run(RunArguments),
    /// Make data directory and identity without running; does nothing if they are there
    Init {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// The gateway's name, shown to neighbours
        #[arg(long)]
        name: Option<String>,
        /// The neighbourhood's network
        #[arg(long)]
        network: Option<String>,
        /// Set the password of the keeper's page, from the first line of this file; also where the identity is there already
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        keeper_password_file: Option<PathBuf>,
        /// A community with its ledger.
        #[command(flatten)]
        found: FoundArguments,
    },
    /// Say whether all is well, and what to do where it is not (exit code 0 well, 1 attention, 3 not running)
    Status {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at the gateway and the machine under it, with a line that mends each illness (exit code 0 well, 1 warnings,
    /// 2 neighbours are hurt)
    Doctor {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
        /// Also write a file to ask others with: numbers and fixed words, no names, addresses, posts or keys
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        bundle: Option<PathBuf>,
    },
    /// List needs, most urgent first
    Needs(ListArguments),
    /// List offers
    Offers(ListArguments),
    /// List notices
    Notices(ListArguments),
    /// List what is in stock, what is lent, and counts that wait for a second person
    Stock {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List the common pots with what came in and went out
    Pots {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// How the community gives and takes, month by month
    Scorecard {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one need, offer or notice
    Show {
        /// Its id, or the first 8 digits of it
        id: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// The state as JSON
        #[arg(long)]
        json: bool,
    },
    /// Post a need, offer or notice, or act on one (claim, start, done, confirm, withdraw, reopen, ...)
    Post(PostArguments),
    /// Follow what changes, live
    Watch {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Pair this gateway with others, and see how the links to them stand
    #[command(subcommand)]
    Peer(PeerCommand),
    /// Whoever keeps this gateway, over the page
    #[command(subcommand)]
    Keeper(KeeperCommand),
    /// Take in what is on a stick and put this gateway's posts on it: all that is needed at each gateway
    #[command(after_help = CARRYING)]
    Exchange {
        /// The stick's folder
        #[arg(value_name = "STICK", value_hint = ValueHint::DirPath)]
        path: PathBuf,
        /// How to carry.
        #[command(flatten)]
        carry: CarryArguments,
    },
    /// Put this gateway's posts, and those it has of others, on a stick
    #[command(after_help = CARRYING)]
    Export {
        /// The stick's folder, or a file ending in .cbundle
        #[arg(long, value_name = "STICK", value_hint = ValueHint::AnyPath, required_unless_present = "stick")]
        to: Option<PathBuf>,
        /// The same without --to
        #[arg(value_name = "STICK", value_hint = ValueHint::AnyPath, conflicts_with = "to")]
        stick: Option<PathBuf>,
        /// For one gateway only, by its name or the first digits of its id; what it is known to have is left out
        #[arg(long, value_name = "NAME", conflicts_with = "all")]
        peer: Option<String>,
        /// For whoever comes (the default)
        #[arg(long)]
        all: bool,
        /// How to carry.
        #[command(flatten)]
        carry: CarryArguments,
    },
    /// Take in what other gateways put on a stick
    #[command(after_help = CARRYING)]
    Import {
        /// The stick's folder, or one bundle
        #[arg(value_name = "STICK", value_hint = ValueHint::AnyPath)]
        path: PathBuf,
        /// How to carry.
        #[command(flatten)]
        carry: CarryArguments,
    },
    /// Check, show or print the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Be a member from this terminal: join, vouch, pay, accept, and the rest
    #[command(subcommand)]
    Member(MemberCommand),
    /// Members' balances and movements, of a gateway that runs or is stopped
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Check every signature, chain, index and view of a stopped gateway against its log
    Verify {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Rebuild what can be rebuilt, and say what was lost (stop the gateway first)
    Repair {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a consistent copy, also while the gateway runs
    Backup {
        /// The file to write; must not exist
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        to: PathBuf,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Make a gateway from a copy; it goes on in a new epoch, so that its log never forks
    Restore {
        /// The copy
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write the pages of all commands to a directory
    Man {
        /// The directory; made if it is not there
        #[arg(value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

/// What people read who have never done it.
const CARRYING: &str = "\
Carrying posts between gateways that have no link, with one stick:
  at the first gateway    commonsd exchange /media/stick
  at the next, and so on  commonsd exchange /media/stick
Go round twice and everybody has everything. It works while the gateway runs and when it is stopped.";

/// The arguments of what carries.
#[derive(Clone, Debug, Args)]
pub struct CarryArguments {
    /// Which gateway.
    #[command(flatten)]
    pub place: Where,
    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
    /// The outcome as versioned JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of the lists.
#[derive(Clone, Debug, Args)]
pub struct ListArguments {
    /// Which gateway.
    #[command(flatten)]
    pub place: Where,
    /// Only this status; `all` shows ended ones too [default: live ones]
    #[arg(long)]
    pub status: Option<String>,
    /// Only this category
    #[arg(long)]
    pub category: Option<String>,
    /// Only this urgency: now, today, week, whenever
    #[arg(long)]
    pub urgency: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// A JSON array, as at /api/v1
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `post`.
#[derive(Clone, Debug, Args)]
pub struct PostArguments {
    /// need, offer, notice, claim, start, done, confirm, withdraw, reopen, ...
    pub kind: String,
    /// The words
    #[arg(conflicts_with = "json_body")]
    pub text: Option<String>,
    /// Which gateway.
    #[command(flatten)]
    pub place: Where,
    /// now, today, week or whenever
    #[arg(long, conflicts_with = "json_body")]
    pub urgency: Option<String>,
    /// food, water, health, ...
    #[arg(long, conflicts_with = "json_body")]
    pub category: Option<String>,
    /// A place by name: "stairwell B"
    #[arg(long, conflicts_with = "json_body")]
    pub zone: Option<String>,
    /// Your own mark, echoed
    #[arg(long = "ref", value_name = "MARK", conflicts_with = "json_body")]
    pub reference: Option<String>,
    /// The item to act on
    #[arg(long, value_name = "ID", conflicts_with = "json_body")]
    pub item: Option<String>,
    /// The claim to act on
    #[arg(long, value_name = "ID", conflicts_with = "json_body")]
    pub claim: Option<String>,
    /// The code word that was given for the item or claim
    #[arg(long, value_name = "WORDS", conflicts_with = "json_body")]
    pub code: Option<String>,
    /// The whole submission as JSON, from a file or - for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub json_body: Option<PathBuf>,
    /// The receipt as JSON
    #[arg(long)]
    pub json: bool,
}

/// The commands about other gateways.
#[derive(Debug, Subcommand)]
pub enum PeerCommand {
    /// Make a code for another gateway: a picture to scan and, alone on the last line, the letters
    Invite {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Pair with the gateway that made a code (exit code 0 paired, or kept while stopped; 1 failed; 4 not met yet, and
    /// still tried)
    Add {
        /// The code; case, dashes, O or 0, I or 1 do not matter
        code: String,
        /// Take only this of it: lanes (urgent, book, board, library) or kinds (needs, offers, notices, stock, members,
        /// ledger), with commas between; what is posted here goes to it all the same
        #[arg(long, value_name = "WHAT")]
        only: Option<String>,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Say what is taken of a peer from now on; what is here stays, and what is posted here goes to it all the same
    Only {
        /// Its name, its id or at least 8 digits of it
        peer: String,
        /// Lanes (urgent, book, board, library) or kinds (needs, offers, notices, stock, members, ledger), with commas
        /// between; nothing: the usual
        what: Option<String>,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// List peers and their links, gateways that are near, and codes being tried
    List {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// End a pairing, or give up a code
    Remove {
        /// Its name, its id or at least 8 digits of it; or the code
        peer: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
}

/// The commands about the keeper's page.
#[derive(Debug, Subcommand)]
pub enum KeeperCommand {
    /// Set the password of the page at /keeper: asked twice and not shown, or one line from standard input. Works while the
    /// gateway runs; whoever is logged in must log in again
    Password {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Phones that open the page by their own key, without the password
    #[command(subcommand)]
    Key(KeyCommand),
}

/// The commands about keys that open the keeper's page.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Let a phone in. Works while the gateway runs
    Add {
        /// The key, 64 hex digits: on the phone, the page /me shows this very line
        key: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// List the keys that are let in
    List {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Let a phone in no longer; whoever is logged in by its key is logged out
    Remove {
        /// The key or at least 8 digits of it
        key: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
}

/// The commands about the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// What each member has, has to give and to get, in each unit
    Balances {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON, in smallest parts
        #[arg(long)]
        json: bool,
    },
    /// What moved between one member and others
    History {
        /// The pseudonym, the id or at least 8 digits of it
        member: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON, in smallest parts
        #[arg(long)]
        json: bool,
    },
    /// What the community has agreed on
    Covenant {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Show that a member's chain is split: a picture to scan and, alone on the last line, the letters
    Proof {
        /// The pseudonym, the id or at least 8 digits of it
        member: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Take in a proof that somebody brings
    Prove {
        /// The letters
        proof: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Check every signature of the book, fold it again and sum every account; tell the first inconsistency
    Verify {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Print every posting, in smallest parts, for another program
    Export {
        /// hledger (a journal that asserts its own balances), csv or json
        #[arg(long, value_enum)]
        format: Format,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
}

/// The arguments of `init --found`: a founding record, seen by everybody, with its founders.
#[derive(Clone, Debug, Default, Args)]
pub struct FoundArguments {
    /// Found a community of this name, with a ledger, in a network that has none yet
    #[arg(long, value_name = "NAME", requires = "founder")]
    pub found: Option<String>,
    /// A founder: what he goes by, his household, and his key's file (made if it is not there) or 64 hex digits; repeat for each,
    /// two or more of two households; the first with a file signs
    #[arg(long, value_name = "NAME,HOUSEHOLD,KEY", requires = "found")]
    pub founder: Vec<String>,
    /// What is counted: its name, how many smallest parts make one, how deep one may go in whole ones
    /// [default: hour,60,10 and credit,100,100]
    #[arg(long, value_name = "NAME,SCALE,LIMIT", requires = "found")]
    pub unit: Vec<String>,
    /// Percent of the limit that may be paid away from home before home has seen it
    #[arg(long, default_value_t = 25, value_name = "PERCENT", requires = "found")]
    pub roaming_percent: u8,
    /// Households that make a decision
    #[arg(long, default_value_t = 2, value_name = "N", requires = "found")]
    pub quorum: u8,
    /// How long a recovery by guardians waits for an objection, in hours
    #[arg(long, default_value_t = 72, value_name = "HOURS", requires = "found")]
    pub recovery_delay_hours: u32,
}

/// Whose key, and where.
#[derive(Clone, Debug, Args)]
pub struct Signer {
    /// Which gateway.
    #[command(flatten)]
    pub place: Where,
    /// The file with the key [default: $COMMONSD_KEY, else member.key here]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// The receipt as JSON
    #[arg(long)]
    pub json: bool,
}

/// The commands of a member.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Make a key in a file that only you may read; keep a copy in a safe place
    New {
        /// The file [default: $COMMONSD_KEY, else member.key here]
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// Your account: what you have, what waits for you, and how far each payment has come
    Show {
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Everybody here, or whom a name or id may mean
    List {
        /// A name's beginning, an id or 8 digits of it
        text: Option<String>,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Join; until two members of two other households have vouched for you, you may receive and pay what you have
    Join {
        /// What you go by
        name: String,
        /// Your household's tag
        household: String,
        /// A common fund with one writer, not a person
        #[arg(long)]
        pot: bool,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Give your word for a newcomer
    Vouch {
        /// The name, the id or 8 digits of it
        member: String,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Enter, once two have vouched for you: from here on you have a limit
    Enter {
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Pay: it counts for you at once, and for the other when he accepts
    Pay {
        /// The name, the id or 8 digits of it
        to: String,
        /// How much, in whole units; after a colon smallest parts (0:30 is half an hour)
        amount: String,
        /// Of what [default: the covenant's first unit]
        #[arg(long)]
        unit: Option<String>,
        /// For what, at most 140 bytes
        #[arg(long, default_value = "")]
        memo: String,
        /// The need or offer it is for, its whole id
        #[arg(long, value_name = "ID")]
        item: Option<String>,
        /// The dispute this pays back, its whole id
        #[arg(long, value_name = "ID")]
        answers: Option<String>,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Take a payment
    Accept(OnPayArguments),
    /// Decline a payment, at your home gateway
    Decline(OnPayArguments),
    /// Take back what was declined
    Reclaim(OnPayArguments),
    /// Say that a payment is not right; moves nothing by itself
    Dispute {
        /// Why
        #[arg(long)]
        text: String,
        /// Which.
        #[command(flatten)]
        on: OnPayArguments,
    },
    /// Go on with a new key, made now, at your home gateway; the old one ends
    Rekey {
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Name those who can give you a new key, at your home gateway
    Guardians {
        /// 3 to 7 others, by name or id
        #[arg(required = true)]
        members: Vec<String>,
        /// How many of them it takes [default: more than half]
        #[arg(long)]
        threshold: Option<u8>,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// As a guardian: say that a member who lost his key goes on with this one
    Recover {
        /// The name, the id or 8 digits of it
        member: String,
        /// The new key, 64 hex digits, as `member new` printed it
        new_key: String,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Go on: with a new key that your guardians gave their word for, or where an old copy of your key split your chain
    Resume {
        /// Who you are, with a new key; without: you join the branches of your chain
        #[arg(conflicts_with = "decision")]
        member: Option<String>,
        /// As households decided: the decision, its id or 8 digits of it
        #[arg(long, value_name = "ID")]
        decision: Option<String>,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// What households have proposed and decided, who agrees, and what waits
    Decisions {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Propose that households decide: that an account rests, how it goes on, or that a common fund takes over a debt
    Decide(DecideArguments),
    /// Agree to a decision for your household
    Consent {
        /// The decision, its id or 8 digits of it; may be left out if only one waits
        decision: Option<String>,
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Print a card for an account that this gateway keeps: a picture to scan and, alone on the last line, the letters. It opens here
    /// with the account's PIN, which is not asked and not printed
    Card {
        /// The name, the id or 8 digits of it
        member: String,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Object to a recovery that you did not ask for
    Veto {
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// Leave, at your home gateway, without debts
    Leave {
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
    /// A password for MQTT and for /api/v1/ledger/account, good for 12 hours
    Token {
        /// Whose.
        #[command(flatten)]
        signer: Signer,
    },
}

/// What households may decide about an account.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Decided {
    /// It rests: it can receive, not pay.
    Freeze,
    /// It goes on, where it ends now, with what all its branches make together.
    Unfreeze,
    /// A common fund takes over part of its debt.
    WriteOff,
}

/// The arguments of `member decide`.
#[derive(Clone, Debug, Args)]
pub struct DecideArguments {
    /// What
    #[arg(value_enum)]
    pub what: Decided,
    /// About whom: the name, the id or 8 digits of it
    pub member: String,
    /// Why; every member can read it
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// unfreeze: with another key than the one it has, 64 hex digits
    #[arg(long, value_name = "KEY")]
    pub new_key: Option<String>,
    /// unfreeze: at this gateway from then on, if the one that was its home is gone
    #[arg(long)]
    pub home_here: bool,
    /// write-off: the common fund, by name or id
    #[arg(long, value_name = "NAME")]
    pub pot: Option<String>,
    /// write-off: how much, in whole units; after a colon smallest parts
    #[arg(long)]
    pub amount: Option<String>,
    /// write-off: of what [default: the covenant's first unit]
    #[arg(long)]
    pub unit: Option<String>,
    /// Whose.
    #[command(flatten)]
    pub signer: Signer,
}

/// Which payment.
#[derive(Clone, Debug, Args)]
pub struct OnPayArguments {
    /// The payment, its id or 8 digits of it; may be left out if only one waits
    pub pay: Option<String>,
    /// Whose.
    #[command(flatten)]
    pub signer: Signer,
}

/// What an export is written in.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Format {
    /// Plain text accounting.
    Hledger,
    /// One posting a line.
    Csv,
    /// Members and postings.
    Json,
}

/// The commands about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Find every mistake in a file (exit code 0 good, 1 bad)
    Check {
        /// The file [default: the one that would be read]
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// Which gateway.
        #[command(flatten)]
        place: Where,
    },
    /// Show what holds, and where each value came from
    Show {
        /// Which gateway.
        #[command(flatten)]
        place: Where,
        /// Versioned JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the example file: every setting, its default and unit
    Example,
}
