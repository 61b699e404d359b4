//! The shop's history, as it is written into a real repository. Authors, dates and texts are fixed, so that the commits have
//! the same ids on every machine: those that the modelled Vercel knows its deployments by.

/// A commit to be made.
pub(super) struct Row {
    /// The branch that it stands on.
    pub(super) branch: &'static str,
    /// Its number, from 1.
    pub(super) mark: u32,
    /// The number of the commit before it.
    pub(super) parent: Option<u32>,
    pub(super) author: &'static str,
    /// Seconds since 1970.
    pub(super) at: i64,
    pub(super) message: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// A merged pull request.
pub(super) struct PullRow {
    pub(super) number: u64,
    pub(super) title: &'static str,
    pub(super) author: &'static str,
    pub(super) branch: &'static str,
    /// The commit that it became.
    pub(super) merged: u32,
}

/// The commit that breaks the checkout, the newest one of the main branch.
pub const BREAKS_CHECKOUT: &str = "8400cc21b7b63ff4bf26a24bf26e2f5e81a944cd";

/// The commit whose migration drops a column; otherwise it is the newest one of the main branch.
pub const DROPS_A_COLUMN: &str = "be9b035c48550f585b42adb2ab01098d660e84b8";

const EPOCH: i64 = 1_794_000_000;

/// Everything, parents first.
pub(super) fn history() -> [Row; 6] {
    let row = |mark, parent, author, message, files| Row {
        branch: "main",
        mark,
        parent,
        author,
        at: EPOCH + i64::from(mark) * 86_400,
        message,
        files,
    };
    let start = row(1, None, "Lee Okafor", "Open the shop", START);
    let dates = "Show delivery dates on product pages (#118)";
    let dates = row(2, Some(1), "Lee Okafor", dates, DELIVERY_DATES);
    let baskets =
        row(3, Some(2), "Ana Duarte", "Remember the basket between visits (#121)", BASKETS);
    let totals = row(4, Some(3), "Bo Lindqvist", TOTALS_MESSAGE, TOTALS);
    let gift_cards = row(5, Some(3), "Ana Duarte", "Try gift cards", GIFT_CARDS);
    let drops = "Rework checkout totals and retire coupons (#125)";
    let drops = row(6, Some(3), "Bo Lindqvist", drops, TOTALS_WITHOUT_COUPONS);
    [
        start,
        dates,
        baskets,
        totals,
        Row { branch: "gift-cards", ..gift_cards },
        Row { branch: "retire-coupons", ..drops },
    ]
}

pub(super) const PULLS: [PullRow; 4] = [
    PullRow {
        number: 118,
        title: "Show delivery dates on product pages",
        author: "Lee Okafor",
        branch: "delivery-dates",
        merged: 2,
    },
    PullRow {
        number: 121,
        title: "Remember the basket between visits",
        author: "Ana Duarte",
        branch: "keep-basket",
        merged: 3,
    },
    PullRow {
        number: 124,
        title: "Rework checkout totals",
        author: "Bo Lindqvist",
        branch: "checkout-totals",
        merged: 4,
    },
    PullRow {
        number: 125,
        title: "Rework checkout totals and retire coupons",
        author: "Bo Lindqvist",
        branch: "retire-coupons",
        merged: 6,
    },
];

type Files = &'static [(&'static str, &'static str)];

const START: Files = &[
    ("README.md", "# Shop\n"),
    ("src/checkout.ts", "export const total = (rows: Row[]) => rows.reduce(sum, 0);\n"),
    (
        "drizzle/0000_start.sql",
        "CREATE TABLE \"products\" (\"id\" serial PRIMARY KEY, \"name\" text NOT NULL);\n--> statement-breakpoint\nCREATE TABLE \"orders\" (\"id\" serial PRIMARY KEY, \"coupon_code\" text, \"total\" numeric NOT NULL);\n",
    ),
];

const DELIVERY_DATES: Files = &[
    ("src/product.ts", "export const delivery = (p: Product) => p.deliveryDate;\n"),
    (
        "drizzle/0001_delivery_dates.sql",
        "ALTER TABLE \"products\" ADD COLUMN \"delivery_date\" date;\n",
    ),
];

const BASKETS: Files = &[
    ("src/basket.ts", "export const restore = (id: string) => db.baskets.find(id);\n"),
    (
        "drizzle/0002_baskets.sql",
        "CREATE TABLE \"baskets\" (\"id\" uuid PRIMARY KEY, \"content\" jsonb NOT NULL);\n",
    ),
];

const TOTALS_MESSAGE: &str =
    "Rework checkout totals (#124)\n\nRounds once, at the end, as the tax office wants it.\n";

const TOTALS: Files = &[
    ("src/checkout.ts", "export const total = (rows: Row[]) => round(rows.reduce(cents, 0));\n"),
    (
        "drizzle/0003_order_totals.sql",
        "ALTER TABLE \"orders\" ADD COLUMN \"total_cents\" integer;\n--> statement-breakpoint\nCREATE INDEX \"orders_total_cents\" ON \"orders\" (\"total_cents\");\n",
    ),
];

const TOTALS_WITHOUT_COUPONS: Files = &[
    ("src/checkout.ts", "export const total = (rows: Row[]) => round(rows.reduce(cents, 0));\n"),
    (
        "drizzle/0003_order_totals.sql",
        "ALTER TABLE \"orders\" ADD COLUMN \"total_cents\" integer;\n--> statement-breakpoint\nALTER TABLE \"orders\" DROP COLUMN \"coupon_code\";\n",
    ),
];

const GIFT_CARDS: Files = &[("src/gift.ts", "export const redeem = (code: string) => code;\n")];
