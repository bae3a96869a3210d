/**
 * English texts. Names in braces are placeholders. `one`, `other` and so on are plural forms for the value `count`, by the
 * categories of Unicode's plural rules.
 *
 * Some texts must equal those of the API: `notice` of the credentials, `title` and `text` of an announcement, `detail` of the problem
 * `credential-changed`.
 */
export default {
  navigation: {
    skip: "Skip to main content",
    label: "Main",
    home: "MyTOMS Home",
    credentialing: "Credentialing",
    history: "History",
    overview: "Overview",
    otherLanguage: "Español",
  },

  days: {
    today: "today",
    todayAt: "today at {time}",
    weekday: "{day}",
    left: { one: "in {count} day", other: "in {count} days" },
  },

  timeOnDate: "{time} on {date}",

  help: "Need help? Contact {contact}.",

  notLoaded: {
    credentials: "We could not load your credentials.",
    announcements: "We could not load your announcements.",
    file: "The file was not downloaded.",
    history: "We could not load the history.",
    downloads: "We could not load the downloads.",
    overview: "We could not load the LEAs.",
  },

  notDone: {
    generation: "No credentials were generated; any existing credentials are unchanged.",
    end: "The old secret key was not stopped.",
    revocation: "The credentials were not revoked.",
    share: "No link was created.",
    cancellation: "The link was not canceled.",
    calendar: "The calendar file was not downloaded.",
  },

  home: {
    title: "MyTOMS Home",
    announcements: "Announcements",
    none: "There are no announcements.",
    loading: "Reading the announcements…",
    leas: "SIS vendor credentials of your LEAs",
    link: "Go to SIS Vendor Credentialing for {lea}",
    staff: {
      title: "Statewide overview",
      text: "See which LEAs have lost access to the student score reports, which lose it soon, and whom to call.",
      link: "Go to the statewide overview",
    },
    announcement: {
      expiring: {
        title: "{lea}: SIS vendor credentials expire {when}",
        text: "The SIS vendor credentials of {lea} expire {inDays}, on {date}, at {time}. After that, vendors can no longer download student score reports. Regenerate the credentials on the SIS Vendor Credentialing screen. Give your vendors the username (unchanged) and the new secret key.",
      },
      expired: {
        title: "{lea}: SIS vendor credentials have expired",
        text: "The SIS vendor credentials of {lea} expired on {date}. Vendors can no longer download student score reports. Regenerate the credentials on the SIS Vendor Credentialing screen. Give your vendors the username (unchanged) and the new secret key.",
      },
    },
  },

  /** The state of an LEA beside its name, for coordinators of several LEAs. */
  leas: {
    nameAndState: "{name}: {state}",
    state: {
      none: "no credentials",
      expires: "expires {when}",
      expired: "expired",
      revoked: "revoked",
    },
  },

  credentialing: {
    title: "SIS Vendor Credentialing",
    lea: "{name} (CDS code {id})",
    pickLea: "Your LEAs",
    showLea: "Show this LEA",
  },

  authorization: {
    title: "Authorization to Release Student Data to Vendors",
    box: "Authorization to Release Student Data to Vendors",
    hint: "To generate credentials, read the statement and check the box.",
    generate: "Generate Credentials",
    regenerate: "Regenerate Credentials",
    buttonShown: "The button {button} is available now.",
    buttonHidden: "The button {button} is no longer available.",
    /** Translations of the statement, by version. The binding original comes from the API. */
    wordings: /** @type {Record<string, string>} */ ({}),
    original: "",
  },

  credentials: {
    title: "Credentials",
    loading: "Reading the state of the credentials…",
    notice: {
      none: "No credentials have been generated.",
      expiring: "Current credentials expire {when}.",
      expired: "Current credentials have expired.",
      revoked: "Current credentials have been revoked.",
    },
    revokedBy: "{name} revoked these credentials on {instant}. Reason: {reason}",
    instructions: {
      none: "Check the box above and select {button}. You get one username and one secret key, for all vendors of the LEA.",
      expiring: "Regenerate them before that: check the box above and select {button}. Give your vendors the username (unchanged) and the new secret key.",
      expired: "Your vendors can no longer download student score reports. To give them access again:",
      revoked: "No secret key works any more. To give your vendors access again, check the box above and select {button}. Then give them the username (unchanged) and the new secret key.",
      steps: {
        authorize: "Read the statement above and check its box.",
        regenerate: "Select {button}.",
        deliver: "Give your vendors the username (unchanged) and the new secret key.",
      },
    },
    username: "Username",
    secretKey: "Secret key",
    address: "Address for vendors",
    guide: "Vendor guide (opens in a new tab)",
    saved: "I have saved it",
    expires: "Expires",
    expired: "Expired",
    revoked: "Revoked",
    generated: "Generated",
    generatedBy: "{instant}, by {name}",
    lastUsed: "Last used by a vendor",
    never: "Not yet",
    usage: "Used this week",
    history: "Downloads and history of this LEA",
    onceOnly: "The secret key of these credentials cannot be shown again. If it is lost, regenerate the credentials.",
    done: "New credentials were generated.",
    warning: "The secret key can be seen only until you leave this screen.",
    advice: "Copy the username and the secret key now, and give them to your vendors securely. Once you leave or reload this screen, nobody can see this secret key again.",
    show: "SHOW SECRET KEY",
    hide: "HIDE SECRET KEY",
    shown: "The secret key is shown.",
    hidden: "The secret key is hidden.",
    copyUsername: "Copy username",
    copySecretKey: "Copy secret key",
    copyAddress: "Copy address",
    all: "All four values",
    copyAll: "Copy all",
    copiedAll: "The address, the username, the secret key and the expiry date were copied.",
    copyExpires: "Copy expiry date",
    copiedAddress: "The address was copied.",
    copiedUsername: "The username was copied.",
    copiedSecretKey: "The secret key was copied.",
    copiedExpires: "The expiry date was copied.",
    notCopied: "The browser did not allow copying. Select the text on the screen and copy it by hand; a hidden secret key must be shown first.",
  },

  /** The clients of "Used this week". */
  clients: {
    unknown: "Vendor without a name",
    other: "Other vendors",
    newKey: "{client} (new key)",
    oldKeyUntil: "{client} (old key, until {day})",
    oldKey: "{client} (old key, which no longer works)",
  },

  /** The key of the credentials before the current ones. */
  previous: {
    works: "The old secret key works until {until} ({inDays}). Give each of your vendors the new key before then.",
    end: "Stop the old key now",
    busy: "Stopping the old key…",
    ended: "The old secret key no longer works.",
  },

  confirmation: {
    question: "Proceed with generating credentials?",
    generate: "A username and a secret key are generated for {lea}. They last 365 days.",
    regenerate: "{lea} gets a new secret key. Your vendors lose access right away, until you give each of them the new key.",
    regenerateExpired: "{lea} gets a new secret key. Its vendors have access again once they have it.",
    overlap: "{lea} gets a new secret key. The old key works until {until}. Give each of your vendors the new key before then.",
    overlapToExpiry: "{lea} gets a new secret key. The old key works until {until}, when it expires. Give each of your vendors the new key before then.",
    olderKey: "The key from before the last regeneration, which still works now, stops right away.",
    stopOldKey: "Stop the old key:",
    rightAway: "right away",
    cancel: "Cancel",
    confirm: "Yes, Generate Credentials",
    busy: "Generating credentials…",
  },

  revocation: {
    open: "Revoke credentials",
    question: "Revoke the credentials of {lea}?",
    access: "No secret key works any more. Your vendors lose access right away.",
    accessExpired: "The credentials have expired. Your vendors still have no access.",
    authorization: "The authorization to release student data is withdrawn.",
    reminders: "Reminders and announcements about these credentials stop.",
    notification: "The other coordinators of the LEA are notified.",
    permanent: "This cannot be undone. You can generate new credentials afterwards.",
    reason: "Reason (required)",
    reasonHint: "The coordinators of the LEA see it. At most 200 characters.",
    errors: {
      missing: "Enter a reason.",
      tooLong: "Shorten the reason to at most {max} characters.",
    },
    cancel: "Cancel",
    confirm: "Yes, Revoke Credentials",
    busy: "Revoking credentials…",
  },

  /** What remains to be done with a new key. */
  handover: {
    title: "Hand over the new key",
    text: "You can send each vendor a link that opens once. The credentials are encrypted in your browser: the service cannot read them.",
    clients: "These vendors used the credentials in the last year. Check each one that has the new key:",
    share: "Share",
    shareWith: "Share with {client}",
    calendar: "Download calendar file",
    downloaded: "The calendar file with the expiry date was downloaded.",
  },

  /** The dialog that creates a link. */
  sharing: {
    title: "Share with a vendor",
    text: "The vendor gets a link that opens once. It shows the address, the username, the secret key and the expiry date.",
    vendor: "Vendor (required)",
    vendorHint: "The coordinators of the LEA see the name. Create one link for each vendor.",
    days: "The link works for",
    dayCount: { one: "{count} day", other: "{count} days" },
    passphrase: "Passphrase, to be told by phone (optional)",
    passphraseHint: "At least {min} characters. Do not send it with the link.",
    errors: {
      missing: "Enter the name of the vendor.",
      tooLong: "Shorten the name to at most {max} characters.",
      passphraseTooShort: "Enter at least {min} characters, or leave this field empty.",
    },
    cancel: "Cancel",
    confirm: "Create link",
    busy: "Creating the link…",
    send: "Send this link to {vendor}. It opens once, before {until}.",
    tell: "Tell {vendor} the passphrase by phone. Do not send it with the link.",
    link: "Link",
    copy: "Copy link",
    copied: "The link was copied.",
    notCopied: "The browser did not allow copying. Select the link and copy it by hand.",
    onceOnly: "This screen does not show the link again. If it is lost, cancel it and create a new one.",
    close: "Close",
  },

  /** The list of links. */
  shares: {
    title: "Shared links",
    created: "Created by {name} on {instant}",
    notOpened: "Not opened yet, works until {until}",
    opened: "Opened on {instant}",
    cancel: "Cancel",
    cancelFor: "Cancel the link for {vendor}",
    canceled: "The link for {vendor} was canceled. It no longer works.",
    notLoaded: "The list of the shared links could not be read. This screen reads it again within ten minutes.",
  },

  /** The page that opens a link. */
  share: {
    title: "SIS vendor credentials",
    text: "A local educational agency (LEA) sends you the credentials with which your system downloads student score reports: the address, the username and the secret key.",
    once: "This link opens once.",
    advice: "Continue only if you can store the credentials in your system's secret store right away. You do not need an account.",
    open: "Show the credentials",
    busy: "Opening the link…",
    paste: "Paste the whole link",
    pasteHint: "Copy the link from the message of the LEA, to its last character.",
    pasteError: "This is not the whole link. Copy it again from the message of the LEA, to its last character. If the message does not contain more, ask the LEA for a new link.",
    use: "Use this link",
    passphrase: "Passphrase",
    passphraseHint: "The LEA tells you the passphrase by phone. You can try as often as you need. Do not leave this page: the link has been opened.",
    passphraseMissing: "Enter the passphrase.",
    passphraseWrong: "This is not the passphrase. Check it and try again. If it is certainly right, the link was damaged on the way: ask the LEA for a new link.",
    unlock: "Continue",
    unlocking: "Checking the passphrase…",
    warning: "Store the credentials now. This page cannot show them again.",
    store: "Store them in your system's secret store. Do not save them in a document or an email. Once you leave or reload this page, the link does not show them again.",
    lea: "LEA",
    leaAndId: "{name} (CDS code {id})",
    vendor: "For",
    formats: "All values as",
    format: { text: "Text", env: ".env file", json: "JSON" },
    copyAll: "Copy all",
    copiedAll: "All values were copied.",
  },

  /** The page with the downloads of an LEA and its audit trail. */
  history: {
    title: "History",
    loading: "Reading…",
    more: "Show more",
    added: { one: "{count} more entry is shown.", other: "{count} more entries are shown." },
    vendor: "a vendor",

    downloads: {
      title: "Downloads of score reports",
      text: "Each download of a report by a vendor's program is recorded before the program gets the file. A program chooses its name itself.",
      caption: "Downloaded reports by month and program, in the last twelve months",
      month: "Month",
      noCounts: "No report was downloaded in the last twelve months.",
      asOf: "As of {instant}",
    },

    search: {
      title: "Find downloads",
      ssid: "Student (SSID)",
      ssidHint: "10 digits. Leave empty for all students.",
      ssidError: "Enter 10 digits, or leave this field empty.",
      client: "Program of the vendor",
      clientHint: "As in the table above. Leave empty for all programs.",
      from: "First day",
      to: "Last day",
      toError: "Enter a day that is not before the first day.",
      submit: "Find downloads",
      found: "Downloads found",
      none: "No downloads were found.",
      report: "{report}, student {ssid}",
      reportName: "{type} {year}, {language} ({format})",
      types: { ssr: "Student Score Report", "lexile-quantile": "Lexile/Quantile Measures Report" },
      by: "By {client} ({notes})",
      generation: "key of generation {generation}",
      part: "a part of the file",
      byLink: "opened by a temporary link",
    },

    events: {
      title: "Changes and emails",
      text: "What was done with the credentials of this LEA, by whom and when. The latest is first.",
      none: "Nothing has happened yet.",
    },

    /** Who did it, if it was not a person. */
    by: {
      person: "Somebody",
      toms: "TOMS",
      "daily-run": "The daily run",
      notices: "The service",
      vendor: "A vendor",
    },

    /** What happened, by the kind of the event. */
    kinds: /** @type {Record<string, string>} */ ({
      "credential-generated": "{by} authorized the release of student data to vendors and generated the first credentials (generation {generation}).",
      "credential-regenerated": "{by} authorized the release of student data to vendors and regenerated the credentials (generation {generation}). The old secret key stopped right away.",
      "credential-regenerated-overlap": "{by} authorized the release of student data to vendors and regenerated the credentials (generation {generation}). The old secret key was kept until {until}.",
      "credential-revoked": "{by} revoked the credentials (generation {generation}).",
      "previous-key-ended": "{by} stopped the old secret key (generation {generation}).",
      "lea-saved": "TOMS reported a change of the LEA or its coordinators.",
      "share-created": "{by} created a link for {vendor}.",
      "share-opened": "The link for {vendor} was opened.",
      "share-canceled": "{by} canceled the link for {vendor}.",
      "share-expired": "The link for {vendor} ended without being opened.",
      "reminder-sent": "The coordinators were reminded of the expiration.",
      "reminder-refused": "A reminder of the expiration was refused by the mail service.",
      "reminder-without-recipient": "A reminder of the expiration could not be sent: no coordinator has a usable email address.",
      "notice-sent": "The coordinators were notified of a change.",
      "notice-refused": "An email about a change was refused by the mail service.",
      "announcement-posted": "An announcement about the expiration was posted on MyTOMS Home.",
      "announcement-removed": "The announcement about the expiration was removed from MyTOMS Home.",
      unreadable: "This entry cannot be read. It is damaged, or a newer version of the service wrote it.",
    }),
    otherKind: "{by}: {kind}",

    /** The change that an email is about. */
    about: /** @type {Record<string, string>} */ ({
      "credential-generated": "credentials were generated",
      "credential-regenerated": "the credentials were regenerated",
      "credential-revoked": "the credentials were revoked",
      "previous-key-ended": "the old secret key was stopped",
      "lea-saved": "the coordinators changed",
      "share-opened": "a link was opened",
    }),

    details: {
      reason: "Reason: {value}",
      wording: "Statement of the authorization: version {value}",
      daysRemaining: { one: "{count} day before the expiration", other: "{count} days before the expiration" },
      expired: "After the expiration",
      about: "About: {value}",
      name: "Name of the LEA: {value}",
      to: "Sent to: {value}",
      rejected: "Refused addresses: {value}",
      deferred: "Addresses to be tried again: {value}",
      givenUp: "Addresses that were tried for too long: {value}",
      added: "Added: {value}",
      removed: "Removed: {value}",
      changed: "Changed: {value}",
    },
  },

  /** A button that downloads a CSV file. */
  download: {
    start: "Download CSV",
    cancel: "Cancel the download",
    progress: "Downloading: {kilobytes} KB so far.",
    done: "The file was downloaded.",
    canceled: "The download was canceled. No file was saved.",
  },

  /** The statewide overview, for TOMS's staff. */
  overview: {
    title: "Statewide overview",
    loading: "Reading the LEAs: {read} so far…",
    incomplete: "Only the first {read} LEAs have been read. The numbers below are not complete.",
    asOf: "Changes and emails appear here within seconds; after a failure, with the next daily check. Last uses are as of the last check, {at}. Reload the page to see what has changed since you opened it.",
    neverChecked: "This overview is being created: LEAs can be missing until its first daily check.",
    states: "LEAs by state",
    state: { expired: "Expired", expiring: "Expiring", revoked: "Revoked", none: "No credentials", active: "Active", unknown: "Cannot be read" },
    histogram: {
      title: "Days until the credentials expire",
      days: "Days",
      leas: "LEAs",
      range: "{first} to {last} days",
    },
    leas: "LEAs",
    search: "Name or CDS code",
    stateFilter: "State",
    allStates: "All",
    week: "Expires in the next 7 days",
    found: { one: "{shown} LEA", other: "{shown} LEAs" },
    column: { name: "LEA", state: "State", expires: "Expires", generated: "Generated", lastUse: "Last used", lastEmail: "Last email", coordinators: "Coordinators" },
    ago: { one: "{count} day ago", other: "{count} days ago" },
    never: "Not yet",
    noEmail: "None yet",
    email: {
      notice: "Notice of a change",
      reminder: { one: "Reminder, {count} day before", other: "Reminder, {count} days before" },
      afterExpiry: { one: "Reminder, {count} day after", other: "Reminder, {count} days after" },
      result: {
        sent: "Sent",
        "partly-refused": "Sent, but some addresses were refused:",
        refused: "All addresses were refused:",
        deferred: "Sent, but some addresses were deferred",
        "not-sent": "Not sent yet",
        "no-recipient": "Not sent: no coordinator has an address",
      },
    },
    noCoordinators: "No coordinators",
    noAddress: "(no address)",
    previous: "Previous page",
    next: "Next page",
    page: "Page {page} of {pages}",
  },

  actions: {
    signIn: "Sign in again",
    retry: "Try again",
    checkAgain: "Check again",
  },

  messages: {
    notHosted: {
      title: "Please open this screen from TOMS.",
      text: "TOMS did not provide your user account. If you opened the screen from TOMS, reload it.",
    },
    staffOnly: {
      title: "This page is for TOMS's staff.",
      text: "Your TOMS account does not have the role that may see all LEAs. Select Credentialing or History above for your own LEAs.",
    },
    noLeas: {
      title: "You are not a coordinator of an LEA.",
      text: "Your TOMS account does not have the role of an LEA coordinator, so there is nothing to show here. If it should have this role, ask your LEA's CAASPP or ELPAC coordinator.",
    },
    offline: {
      title: "You are offline.",
      text: "{notLoaded} Check your connection to the network, and try again.",
    },
    unreachable: {
      title: "The service could not be reached.",
      text: "{notLoaded} Check your connection to the network, and try again.",
    },
    unavailable: {
      title: "The service is not available at the moment.",
      text: "{notLoaded} Try again in a few seconds.",
    },
    unexpected: {
      title: "Something unexpected happened.",
      text: "{notLoaded} Try again; if it happens again, contact TOMS support.",
    },
    sessionEnded: {
      title: "Your session has ended.",
      text: "{notLoaded} Sign in again to continue.",
    },
    notPermitted: {
      title: "You don't have access to this LEA.",
      text: "Your TOMS account does not have the role of a coordinator of this LEA. Select Credentialing above to go to your own LEA, or ask this LEA's coordinators.",
    },
    unknownLea: {
      title: "There is no such LEA.",
      text: "The CDS code in this page's address is not valid: it must have 14 digits. Select Credentialing above.",
    },
    chooseLea: {
      title: "Select an LEA.",
      text: "Select Overview above, and then an LEA, to see its history.",
    },
    interrupted: {
      title: "The download was interrupted.",
      text: "The connection ended before the whole file had arrived, so no file was saved. Try again.",
    },
    partialFailure: {
      title: "Some announcements could not be read.",
      text: "The announcements of {leas} are missing here. Try again; if it happens again, contact TOMS support.",
    },
    changeOffline: {
      title: "You are offline.",
      text: "{notDone} Check your connection to the network, and select the button again.",
    },
    generateSessionEnded: {
      title: "Your session has ended.",
      text: "{notDone} Sign in again, and select the button again: the box stays checked.",
    },
    changeSessionEnded: {
      title: "Your session has ended.",
      text: "{notDone} Sign in again, and select the button again.",
    },
    changeNotPermitted: {
      title: "You don't have access to this LEA.",
      text: "Your TOMS account does not have the role of a coordinator of this LEA any more. {notDone} Ask this LEA's coordinators.",
    },
    changeUnexpected: {
      title: "Something unexpected happened.",
      text: "{notDone} Try again; if it happens again, contact TOMS support.",
    },
    wordingChanged: {
      title: "The statement of the authorization has changed.",
      text: "No credentials were generated; any existing credentials are unchanged. Read the statement again, check the box and select the button.",
    },
    nothingGenerated: {
      title: "No new credentials have been generated so far.",
      text: "The service could not generate them at the moment; any existing credentials are unchanged. Select the button again.",
    },
    outcomeUnknown: {
      title: "It is not certain whether credentials were generated.",
      text: "The service did not confirm it, and the current state could not be read. If they were, any secret key that your vendors have no longer works. Check again to find out.",
    },
    outcomeUnknownOverlap: {
      title: "It is not certain whether credentials were generated.",
      text: "The service did not confirm it, and the current state could not be read. If they were, the old secret key works for the time that you chose. Check again to find out.",
    },
    nothingEnded: {
      title: "The old secret key has not been stopped so far.",
      text: "The service could not stop it at the moment. Select the button again.",
    },
    endUnknown: {
      title: "It is not certain whether the old secret key was stopped.",
      text: "The service did not confirm it, and the current state could not be read. Check again to find out.",
    },
    nothingRevoked: {
      title: "The credentials have not been revoked so far.",
      text: "The service could not revoke them at the moment, so they still work. Select the button again.",
    },
    revocationUnknown: {
      title: "It is not certain whether the credentials were revoked.",
      text: "The service did not confirm it, and the current state could not be read. Check again to find out.",
    },
    keyLost: {
      title: "Credentials were generated, but their secret key did not arrive here.",
      text: "{name} generated them at {time}. If that was you just now: the key was lost on the way, and nobody can see it any more. The previous key no longer works. Regenerate the credentials to get a key that you can give to your vendors.",
    },
    keyLostOverlap: {
      title: "Credentials were generated, but their secret key did not arrive here.",
      text: "{name} generated them at {time}. If that was you just now: the key was lost on the way, and nobody can see it any more. The previous key works until {until}, or until the next regeneration. Regenerate the credentials to get a key that you can give to your vendors.",
    },
    changed: {
      title: "New credentials have been generated meanwhile.",
      text: "{name} already generated new credentials at {time}, so nothing was changed here. Ask {name} for the secret key. If you regenerate, that key stops working.",
    },
    keySuperseded: {
      title: "The secret key that was shown here no longer works.",
      text: "{name} generated new credentials at {time}. Do not give the old secret key to your vendors.",
    },
    keySupersededOverlap: {
      title: "The secret key that was shown here has been replaced.",
      text: "{name} generated new credentials at {time}. The old secret key works only until {until}. Do not give it to your vendors.",
    },
    shareUnknown: {
      title: "It is not certain whether the link was created.",
      text: "The service did not confirm it, and nobody can get this link any more. If the list of shared links shows it, cancel it there. Then create a new link.",
    },
    nothingToShare: {
      title: "The credentials are no longer valid, so no link was created.",
      text: "They have expired or were revoked. Generate new credentials and share those.",
    },
    tooManyShares: {
      title: "These credentials already have the maximum number of links, so no link was created.",
      text: "Give the credentials to further vendors in another secure way.",
    },
    shareOpened: {
      title: "The link for {vendor} has been opened, so it was not canceled.",
      text: "Ask the vendor. If the vendor did not open the link, somebody else has the secret key: revoke or regenerate the credentials right away.",
    },
    cancellationUnknown: {
      title: "It is not certain whether the link was canceled.",
      text: "The service did not confirm it. If the link is still in the list, cancel it again.",
    },
    shareNotHosted: {
      title: "This page is not available at the moment.",
      text: "A part of it could not be loaded. Nothing was used up. Reload the page in a few seconds.",
    },
    shareUnsupported: {
      title: "This browser cannot decrypt the credentials.",
      text: "Open the link in a current version of Edge, Chrome, Firefox or Safari, with an address that starts with https. The link was not used up.",
    },
    shareIncomplete: {
      title: "A part of the link is missing.",
      text: "Some mail programs break long links. Nothing was used up.",
    },
    shareOffline: {
      title: "You are offline.",
      text: "The link was not used up. Check your connection to the network, and select the button again.",
    },
    shareUnreachable: {
      title: "It is not certain whether the link was opened.",
      text: "There was no response from the service. Check your connection to the network, and select the button again. If this page then says that the link no longer works, ask the LEA for a new link.",
    },
    shareUnavailable: {
      title: "The service is not available at the moment.",
      text: "Select the button again in a few seconds. If this page then says that the link no longer works, ask the LEA for a new link.",
    },
    shareGone: {
      title: "This link no longer works.",
      text: "It was opened already, it has expired, the LEA canceled it, or the LEA has new credentials. Ask the LEA for a new link. If you did not open it, tell the LEA at once: somebody else may have the secret key.",
    },
    shareDamaged: {
      title: "The credentials cannot be decrypted.",
      text: "The link was damaged on the way. It was opened and cannot be opened again. Ask the LEA for a new link.",
    },
    shareLeft: {
      title: "You left this page, so it no longer shows the credentials.",
      text: "If you have not stored them, ask the LEA for a new link.",
    },
  },
};
