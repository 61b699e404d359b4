//! Where the bot may connect to when the address comes from configuration or from a vendor.
//!
//! Owns the check that keeps probes out of private networks: the name is resolved once, every address is checked, and
//! the caller connects to the checked addresses and to nothing else, so that a name cannot change its mind in between.
//! It must never follow redirects or resolve twice. The caller to look at is `probe`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// What may be reached beyond public addresses: exact `host:port` pairs, as configured.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    exceptions: BTreeSet<String>,
}

/// A destination that was checked. Connect to `addresses`, with `url` for the request itself.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The address as asked for.
    pub url: Url,
    /// The host, to pin its resolution to `addresses`.
    pub host: String,
    /// All addresses of the host, each of them allowed.
    pub addresses: Vec<SocketAddr>,
}

/// Why a destination may not be, or cannot be, connected to.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Not a plain web address.
    #[error("{0} is not a plain http or https address")]
    NotPlain(String),
    /// The name leads to an address inside a private network.
    #[error(
        "{host} leads to the private address {address}; list \"{host}:{port}\" under egress if that is meant"
    )]
    Private {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// Where it leads.
        address: IpAddr,
    },
    /// The name could not be resolved.
    #[error("{host} cannot be resolved")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: std::io::Error,
    },
    /// The name resolves to nothing.
    #[error("{0} has no address")]
    NoAddress(String),
}

impl Egress {
    /// Public addresses, and these exact `host:port` pairs.
    pub fn new(exceptions: impl IntoIterator<Item = String>) -> Self {
        Self { exceptions: exceptions.into_iter().map(|e| e.to_ascii_lowercase()).collect() }
    }

    /// Resolves a web address once and checks every address that its host leads to.
    pub async fn check(&self, url: &Url) -> Result<Destination, EgressError> {
        let (host, port) = plain_host(url)?;
        let addresses = resolve(url, &host, port).await?;
        if !self.exceptions.contains(&format!("{host}:{port}"))
            && let Some(private) = addresses.iter().find(|address| !is_public(address.ip()))
        {
            return Err(EgressError::Private { host, port, address: private.ip() });
        }
        Ok(Destination { url: url.clone(), host, addresses })
    }
}

/// The host and port of an `http` or `https` address without user information.
fn plain_host(url: &Url) -> Result<(String, u16), EgressError> {
    // What the text holds besides may be a password, so the error shows host and scheme only.
    let shown = || format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none();
    match (plain, url.host_str(), url.port_or_known_default()) {
        (true, Some(host), Some(port)) => Ok((host.to_ascii_lowercase(), port)),
        _ => Err(EgressError::NotPlain(shown())),
    }
}

async fn resolve(url: &Url, host: &str, port: u16) -> Result<Vec<SocketAddr>, EgressError> {
    let addresses: Vec<SocketAddr> = match url.host() {
        // The client connects to a literal as it stands; `url` has already undone octal, hex and short forms.
        Some(Host::Ipv4(ip)) => vec![SocketAddr::new(IpAddr::V4(ip), port)],
        Some(Host::Ipv6(ip)) => vec![SocketAddr::new(IpAddr::V6(ip), port)],
        Some(Host::Domain(_)) | None => tokio::net::lookup_host((host, port))
            .await
            .map_err(|source| EgressError::Unresolved { host: host.to_owned(), source })?
            .collect(),
    };
    if addresses.is_empty() {
        return Err(EgressError::NoAddress(host.to_owned()));
    }
    Ok(addresses)
}

/// Whether an address is on the public internet. In doubt it is not.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let reserved = ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        // Shared by carriers behind their address translation.
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments, the old 6to4 relays and benchmarking.
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19))
        // Reserved for ever.
        || a >= 240;
    !reserved
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = inner_v4(ip) {
        return is_public_v4(inner);
    }
    let [a, b, ..] = ip.segments();
    // Only global unicast is handed out; of that, protocol assignments and documentation lead nowhere public.
    let global_unicast = (a & 0xe000) == 0x2000;
    let assignments = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    global_unicast && !assignments && !documentation
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (NAT64) or 6to4.
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return Some(mapped);
    }
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_public_internet_are_public() {
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text} counted as public");
        }
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "76.76.21.21",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text} counted as private");
        }
    }

    #[tokio::test]
    async fn private_hosts_are_refused_however_they_are_spelt() {
        let egress = Egress::default();
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://[::1]:8080/",
            "http://[::ffff:7f00:1]/",
            "http://localhost/",
            "http://LOCALHOST/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            let refused = egress.check(&Url::parse(text).unwrap()).await;
            assert!(matches!(refused, Err(EgressError::Private { .. })), "{text}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn an_exception_opens_exactly_its_host_and_port() {
        let egress = Egress::new(["127.0.0.1:4021".to_owned(), "[::1]:4021".to_owned()]);
        let check = async |text: &str| egress.check(&Url::parse(text).unwrap()).await;
        let allowed = check("http://127.0.0.1:4021/version").await.unwrap();
        assert_eq!(allowed.addresses, ["127.0.0.1:4021".parse().unwrap()]);
        assert!(check("http://[::1]:4021/").await.is_ok());
        for other in ["http://127.0.0.1:4022/", "http://127.0.0.2:4021/", "http://localhost:4021/"]
        {
            assert!(check(other).await.is_err(), "{other} slipped through");
        }
    }

    #[tokio::test]
    async fn only_plain_web_addresses_are_looked_at() {
        let egress = Egress::new(["127.0.0.1:80".to_owned()]);
        for text in
            ["file:///etc/passwd", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "mailto:x@y"]
        {
            let refused = egress.check(&Url::parse(text).unwrap()).await.unwrap_err();
            assert!(matches!(refused, EgressError::NotPlain(_)), "{text}");
            assert!(!refused.to_string().contains("a:b"), "the password is shown");
        }
    }
}
