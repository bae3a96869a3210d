/**
 * Spanish texts; see en.js.
 * @type {import("../scripts/language.js").Texts}
 */
export default {
  navigation: {
    skip: "Saltar al contenido principal",
    label: "Principal",
    home: "Inicio de MyTOMS",
    credentialing: "Credenciales",
    history: "Historial",
    overview: "Panorama",
    otherLanguage: "English",
  },

  days: {
    today: "hoy",
    todayAt: "hoy ({time})",
    weekday: "el {day}",
    left: { one: "en {count} día", other: "en {count} días" },
  },

  timeOnDate: "{date}, {time}",

  help: "¿Necesita ayuda? Contacto: {contact}.",

  notLoaded: {
    credentials: "No pudimos cargar sus credenciales.",
    announcements: "No pudimos cargar sus avisos.",
    file: "No se descargó el archivo.",
    history: "No pudimos cargar el historial.",
    downloads: "No pudimos cargar las descargas.",
    overview: "No pudimos cargar las LEA.",
  },

  notDone: {
    generation: "No se generaron credenciales; si ya las había, siguen sin cambios.",
    end: "La clave secreta anterior no se desactivó.",
    revocation: "Las credenciales no se revocaron.",
    share: "No se creó ningún enlace.",
    cancellation: "El enlace no se canceló.",
    calendar: "El archivo de calendario no se descargó.",
  },

  home: {
    title: "Inicio de MyTOMS",
    announcements: "Avisos",
    none: "No hay avisos.",
    loading: "Leyendo los avisos…",
    leas: "Credenciales de proveedores de SIS de sus LEA",
    link: "Ir a las credenciales de proveedores de SIS de {lea}",
    staff: {
      title: "Panorama estatal",
      text: "Vea qué LEA han perdido el acceso a los informes de calificaciones de los estudiantes, cuáles lo pierden pronto y a quién llamar.",
      link: "Ir al panorama estatal",
    },
    announcement: {
      expiring: {
        title: "{lea}: las credenciales de proveedores de SIS vencen {when}",
        text: "Las credenciales de proveedores de SIS de {lea} vencen {inDays} ({date}, {time}). Después, los proveedores ya no podrán descargar los informes de calificaciones de los estudiantes. Regenere las credenciales en la pantalla Credenciales de proveedores de SIS. Dé a sus proveedores el nombre de usuario (no cambia) y la nueva clave secreta.",
      },
      expired: {
        title: "{lea}: las credenciales de proveedores de SIS han vencido",
        text: "Las credenciales de proveedores de SIS de {lea} vencieron el {date}. Los proveedores ya no pueden descargar los informes de calificaciones de los estudiantes. Regenere las credenciales en la pantalla Credenciales de proveedores de SIS. Dé a sus proveedores el nombre de usuario (no cambia) y la nueva clave secreta.",
      },
    },
  },

  leas: {
    nameAndState: "{name}: {state}",
    state: {
      none: "sin credenciales",
      expires: "vencen {when}",
      expired: "vencidas",
      revoked: "revocadas",
    },
  },

  credentialing: {
    title: "Credenciales de proveedores de SIS",
    lea: "{name} (código CDS {id})",
    pickLea: "Sus LEA",
    showLea: "Mostrar esta LEA",
  },

  authorization: {
    title: "Autorización para divulgar datos de estudiantes a proveedores",
    box: "Autorización para divulgar datos de estudiantes a proveedores",
    hint: "Para generar credenciales, lea la declaración y marque la casilla.",
    generate: "Generar credenciales",
    regenerate: "Regenerar credenciales",
    buttonShown: "El botón {button} ya está disponible.",
    buttonHidden: "El botón {button} ya no está disponible.",
    wordings: {
      "2026-1":
        "Autorizo que los informes electrónicos de calificaciones de los estudiantes (Student Score Reports) y los informes de medidas Lexile/Quantile de esta LEA se divulguen a los proveedores a los que la LEA entregue sus credenciales de proveedor. La LEA es responsable de no entregarlas a nadie más y de regenerarlas cuando un proveedor ya no deba tener acceso.",
    },
    original: "La declaración que tiene validez es la original, en inglés:",
  },

  credentials: {
    title: "Credenciales",
    loading: "Leyendo el estado de las credenciales…",
    notice: {
      none: "No se han generado credenciales.",
      expiring: "Las credenciales actuales vencen {when}.",
      expired: "Las credenciales actuales han vencido.",
      revoked: "Las credenciales actuales han sido revocadas.",
    },
    revokedBy: "{name} revocó estas credenciales ({instant}). Motivo: {reason}",
    instructions: {
      none: "Marque la casilla de arriba y seleccione {button}. Recibirá un solo nombre de usuario y una sola clave secreta para todos los proveedores de la LEA.",
      expiring: "Regenérelas antes de ese momento: marque la casilla de arriba y seleccione {button}. Dé a sus proveedores el nombre de usuario (no cambia) y la nueva clave secreta.",
      expired: "Sus proveedores ya no pueden descargar los informes de calificaciones de los estudiantes. Para devolverles el acceso:",
      revoked: "Ya no funciona ninguna clave secreta. Para devolver el acceso a sus proveedores, marque la casilla de arriba y seleccione {button}. Después, deles el nombre de usuario (no cambia) y la nueva clave secreta.",
      steps: {
        authorize: "Lea la declaración de arriba y marque su casilla.",
        regenerate: "Seleccione {button}.",
        deliver: "Dé a sus proveedores el nombre de usuario (no cambia) y la nueva clave secreta.",
      },
    },
    username: "Nombre de usuario",
    secretKey: "Clave secreta",
    address: "Dirección para proveedores",
    guide: "Guía para proveedores (se abre en otra pestaña)",
    saved: "Ya la guardé",
    expires: "Vencen",
    expired: "Vencieron",
    revoked: "Revocadas",
    generated: "Generadas",
    generatedBy: "{instant}, por {name}",
    lastUsed: "Último uso por un proveedor",
    never: "Todavía ninguno",
    usage: "Uso de esta semana",
    history: "Descargas e historial de esta LEA",
    onceOnly: "La clave secreta de estas credenciales no se puede volver a mostrar. Si se ha perdido, regenere las credenciales.",
    done: "Se generaron nuevas credenciales.",
    warning: "La clave secreta solo se puede ver hasta que usted salga de esta pantalla.",
    advice: "Copie ahora el nombre de usuario y la clave secreta, y entréguelos a sus proveedores de manera segura. Cuando usted salga de esta pantalla o la recargue, nadie podrá volver a ver esta clave secreta.",
    show: "MOSTRAR CLAVE SECRETA",
    hide: "OCULTAR CLAVE SECRETA",
    shown: "La clave secreta está a la vista.",
    hidden: "La clave secreta está oculta.",
    copyUsername: "Copiar nombre de usuario",
    copySecretKey: "Copiar clave secreta",
    copyAddress: "Copiar dirección",
    all: "Los cuatro datos",
    copyAll: "Copiar todo",
    copiedAll: "Se copiaron la dirección, el nombre de usuario, la clave secreta y la fecha de vencimiento.",
    copyExpires: "Copiar fecha de vencimiento",
    copiedAddress: "Se copió la dirección.",
    copiedUsername: "Se copió el nombre de usuario.",
    copiedSecretKey: "Se copió la clave secreta.",
    copiedExpires: "Se copió la fecha de vencimiento.",
    notCopied: "El navegador no permitió copiar. Seleccione el texto en la pantalla y cópielo manualmente; si la clave secreta está oculta, muéstrela primero.",
  },

  clients: {
    unknown: "Proveedor sin nombre",
    other: "Otros proveedores",
    newKey: "{client} (clave nueva)",
    oldKeyUntil: "{client} (clave anterior, hasta {day})",
    oldKey: "{client} (clave anterior, que ya no funciona)",
  },

  previous: {
    works: "La clave secreta anterior funciona hasta el {until} ({inDays}). Dé la nueva clave a cada uno de sus proveedores antes de ese momento.",
    end: "Desactivar ahora la clave anterior",
    busy: "Desactivando la clave anterior…",
    ended: "La clave secreta anterior ya no funciona.",
  },

  confirmation: {
    question: "¿Desea continuar y generar las credenciales?",
    generate: "Se generarán un nombre de usuario y una clave secreta para {lea}, válidos durante 365 días.",
    regenerate: "{lea} recibe una nueva clave secreta. Sus proveedores pierden el acceso de inmediato, hasta que usted dé la nueva clave a cada uno.",
    regenerateExpired: "{lea} recibe una nueva clave secreta. Sus proveedores vuelven a tener acceso cuando la reciban.",
    overlap: "{lea} recibe una nueva clave secreta. La clave anterior funciona hasta el {until}. Dé la nueva clave a cada uno de sus proveedores antes de ese momento.",
    overlapToExpiry: "{lea} recibe una nueva clave secreta. La clave anterior funciona hasta el {until}, cuando vence. Dé la nueva clave a cada uno de sus proveedores antes de ese momento.",
    olderKey: "La clave de antes de la última regeneración, que todavía funciona, deja de funcionar de inmediato.",
    stopOldKey: "Desactivar la clave anterior:",
    rightAway: "de inmediato",
    cancel: "Cancelar",
    confirm: "Sí, generar credenciales",
    busy: "Generando credenciales…",
  },

  revocation: {
    open: "Revocar las credenciales",
    question: "¿Desea revocar las credenciales de {lea}?",
    access: "Las claves secretas dejan de funcionar. Sus proveedores pierden el acceso de inmediato.",
    accessExpired: "Las credenciales han vencido. Sus proveedores siguen sin acceso.",
    authorization: "Se retira la autorización para divulgar datos de estudiantes.",
    reminders: "Ya no habrá recordatorios ni avisos sobre estas credenciales.",
    notification: "Se informa a las demás personas que coordinan la LEA.",
    permanent: "Esta acción no se puede deshacer. Después, usted puede generar nuevas credenciales.",
    reason: "Motivo (obligatorio)",
    reasonHint: "Lo verán quienes coordinan la LEA. Como máximo, 200 caracteres.",
    errors: {
      missing: "Escriba un motivo.",
      tooLong: "Acorte el motivo a un máximo de {max} caracteres.",
    },
    cancel: "Cancelar",
    confirm: "Sí, revocar las credenciales",
    busy: "Revocando las credenciales…",
  },

  handover: {
    title: "Entregar la clave nueva",
    text: "Usted puede enviar a cada proveedor un enlace que se abre una sola vez. Las credenciales se cifran en su navegador: el servicio no puede leerlas.",
    clients: "Estos proveedores usaron las credenciales en el último año. Marque cada uno que ya tenga la clave nueva:",
    share: "Compartir",
    shareWith: "Compartir con {client}",
    calendar: "Descargar archivo de calendario",
    downloaded: "Se descargó el archivo de calendario con la fecha de vencimiento.",
  },

  sharing: {
    title: "Compartir con un proveedor",
    text: "El proveedor recibe un enlace que se abre una sola vez. Muestra la dirección, el nombre de usuario, la clave secreta y la fecha de vencimiento.",
    vendor: "Proveedor (obligatorio)",
    vendorHint: "Quienes coordinan la LEA ven el nombre. Cree un enlace para cada proveedor.",
    days: "El enlace funciona durante",
    dayCount: { one: "{count} día", other: "{count} días" },
    passphrase: "Frase de contraseña, para decirla por teléfono (opcional)",
    passphraseHint: "Como mínimo, {min} caracteres. No la envíe con el enlace.",
    errors: {
      missing: "Escriba el nombre del proveedor.",
      tooLong: "Acorte el nombre a un máximo de {max} caracteres.",
      passphraseTooShort: "Escriba al menos {min} caracteres o deje vacío este campo.",
    },
    cancel: "Cancelar",
    confirm: "Crear enlace",
    busy: "Creando el enlace…",
    send: "Envíe este enlace a {vendor}. Se abre una sola vez, antes de esta fecha: {until}.",
    tell: "Diga la frase de contraseña a {vendor} por teléfono. No la envíe con el enlace.",
    link: "Enlace",
    copy: "Copiar enlace",
    copied: "Se copió el enlace.",
    notCopied: "El navegador no permitió copiar. Seleccione el enlace y cópielo manualmente.",
    onceOnly: "Esta pantalla no vuelve a mostrar el enlace. Si se pierde, cancélelo y cree otro.",
    close: "Cerrar",
  },

  shares: {
    title: "Enlaces compartidos",
    created: "Lo creó {name} ({instant})",
    notOpened: "Todavía no se ha abierto; funciona hasta el {until}",
    opened: "Se abrió: {instant}",
    cancel: "Cancelar",
    cancelFor: "Cancelar el enlace para {vendor}",
    canceled: "Se canceló el enlace para {vendor}. Ya no funciona.",
    notLoaded: "No se pudo leer la lista de los enlaces compartidos. Esta pantalla vuelve a leerla en un máximo de diez minutos.",
  },

  share: {
    title: "Credenciales de proveedores de SIS",
    text: "Una LEA (agencia educativa local) le envía las credenciales con las que su sistema descarga los informes de calificaciones de los estudiantes: la dirección, el nombre de usuario y la clave secreta.",
    once: "Este enlace se abre una sola vez.",
    advice: "Continúe solo si puede guardar ahora mismo las credenciales en el almacén de secretos de su sistema. No necesita una cuenta.",
    open: "Mostrar las credenciales",
    busy: "Abriendo el enlace…",
    paste: "Pegue el enlace completo",
    pasteHint: "Copie el enlace del mensaje de la LEA, hasta el último carácter.",
    pasteError: "Este no es el enlace completo. Vuelva a copiarlo del mensaje de la LEA, hasta el último carácter. Si el mensaje no contiene más, pida un nuevo enlace a la LEA.",
    use: "Usar este enlace",
    passphrase: "Frase de contraseña",
    passphraseHint: "La LEA le dice la frase de contraseña por teléfono. Puede intentarlo tantas veces como necesite. No salga de esta página: el enlace ya se abrió.",
    passphraseMissing: "Escriba la frase de contraseña.",
    passphraseWrong: "Esta no es la frase de contraseña. Revísela e inténtelo de nuevo. Si es correcta con toda seguridad, el enlace se dañó en el camino: pida un nuevo enlace a la LEA.",
    unlock: "Continuar",
    unlocking: "Comprobando la frase de contraseña…",
    warning: "Guarde ahora las credenciales. Esta página no puede volver a mostrarlas.",
    store: "Guárdelas en el almacén de secretos de su sistema, no en un documento ni en un correo electrónico. Cuando usted salga de esta página o la recargue, el enlace no volverá a mostrarlas.",
    lea: "LEA",
    leaAndId: "{name} (código CDS {id})",
    vendor: "Para",
    formats: "Todos los datos como",
    format: { text: "Texto", env: "Archivo .env", json: "JSON" },
    copyAll: "Copiar todo",
    copiedAll: "Se copiaron todos los datos.",
  },

  /** The page with the downloads of an LEA and its audit trail. */
  history: {
    title: "Historial",
    loading: "Leyendo…",
    more: "Mostrar más",
    added: { one: "Se muestra {count} entrada más.", other: "Se muestran {count} entradas más." },
    vendor: "un proveedor",

    downloads: {
      title: "Descargas de informes de calificaciones",
      text: "Cada descarga de un informe por el programa de un proveedor se registra antes de que el programa reciba el archivo. Cada programa elige su propio nombre.",
      caption: "Informes descargados por mes y programa, en los últimos doce meses",
      month: "Mes",
      noCounts: "No se descargó ningún informe en los últimos doce meses.",
      asOf: "Actualizado: {instant}",
    },

    search: {
      title: "Buscar descargas",
      ssid: "Estudiante (SSID)",
      ssidHint: "10 dígitos. Deje el campo vacío para todos los estudiantes.",
      ssidError: "Escriba 10 dígitos o deje este campo vacío.",
      client: "Programa del proveedor",
      clientHint: "Como en la tabla de arriba. Deje el campo vacío para todos los programas.",
      from: "Primer día",
      to: "Último día",
      toError: "Escriba un día que no sea anterior al primer día.",
      submit: "Buscar descargas",
      found: "Descargas encontradas",
      none: "No se encontraron descargas.",
      report: "{report}, estudiante {ssid}",
      reportName: "{type} de {year}, {language} ({format})",
      types: { ssr: "Informe de calificaciones del estudiante", "lexile-quantile": "Informe de medidas Lexile/Quantile" },
      by: "Por {client} ({notes})",
      generation: "clave de la generación {generation}",
      part: "una parte del archivo",
      byLink: "abierto con un enlace temporal",
    },

    events: {
      title: "Cambios y correos",
      text: "Qué se hizo con las credenciales de esta LEA, quién lo hizo y cuándo. Lo más reciente aparece primero.",
      none: "Todavía no ha ocurrido nada.",
    },

    /** Who did it, if it was not a person. */
    by: {
      person: "Alguien",
      toms: "TOMS",
      "daily-run": "El proceso diario",
      notices: "El servicio",
      vendor: "Un proveedor",
    },

    /** What happened, by the kind of the event. */
    kinds: /** @type {Record<string, string>} */ ({
      "credential-generated": "{by} autorizó la entrega de datos de estudiantes a proveedores y generó las primeras credenciales (generación {generation}).",
      "credential-regenerated": "{by} autorizó la entrega de datos de estudiantes a proveedores y volvió a generar las credenciales (generación {generation}). La clave secreta anterior dejó de funcionar de inmediato.",
      "credential-regenerated-overlap": "{by} autorizó la entrega de datos de estudiantes a proveedores y volvió a generar las credenciales (generación {generation}). La clave secreta anterior se mantuvo hasta el {until}.",
      "credential-revoked": "{by} revocó las credenciales (generación {generation}).",
      "previous-key-ended": "{by} desactivó la clave secreta anterior (generación {generation}).",
      "lea-saved": "TOMS informó de un cambio en la LEA o en sus coordinadores.",
      "share-created": "{by} creó un enlace para {vendor}.",
      "share-opened": "Se abrió el enlace para {vendor}.",
      "share-canceled": "{by} canceló el enlace para {vendor}.",
      "share-expired": "El enlace para {vendor} terminó sin que se abriera.",
      "reminder-sent": "Se recordó el vencimiento a los coordinadores.",
      "reminder-refused": "El servicio de correo rechazó un recordatorio del vencimiento.",
      "reminder-without-recipient": "No se pudo enviar un recordatorio del vencimiento: ningún coordinador tiene una dirección de correo utilizable.",
      "notice-sent": "Se avisó de un cambio a los coordinadores.",
      "notice-refused": "El servicio de correo rechazó un correo sobre un cambio.",
      "announcement-posted": "Se publicó en MyTOMS Home un aviso sobre el vencimiento.",
      "announcement-removed": "Se retiró de MyTOMS Home el aviso sobre el vencimiento.",
      unreadable: "Esta entrada no se puede leer. Está dañada, o la escribió una versión más reciente del servicio.",
    }),
    otherKind: "{by}: {kind}",

    /** The change that an email is about. */
    about: /** @type {Record<string, string>} */ ({
      "credential-generated": "se generaron credenciales",
      "credential-regenerated": "se volvieron a generar las credenciales",
      "credential-revoked": "se revocaron las credenciales",
      "previous-key-ended": "se desactivó la clave secreta anterior",
      "lea-saved": "cambiaron los coordinadores",
      "share-opened": "se abrió un enlace",
    }),

    details: {
      reason: "Motivo: {value}",
      wording: "Declaración de la autorización: versión {value}",
      daysRemaining: { one: "{count} día antes del vencimiento", other: "{count} días antes del vencimiento" },
      expired: "Después del vencimiento",
      about: "Sobre: {value}",
      name: "Nombre de la LEA: {value}",
      to: "Enviado a: {value}",
      rejected: "Direcciones rechazadas: {value}",
      deferred: "Direcciones que se volverán a intentar: {value}",
      givenUp: "Direcciones que se intentaron demasiado tiempo: {value}",
      added: "Agregado: {value}",
      removed: "Eliminado: {value}",
      changed: "Modificado: {value}",
    },
  },

  /** A button that downloads a CSV file. */
  download: {
    start: "Descargar CSV",
    cancel: "Cancelar la descarga",
    progress: "Descargando: {kilobytes} KB hasta ahora.",
    done: "Se descargó el archivo.",
    canceled: "La descarga se canceló. No se guardó ningún archivo.",
  },

  overview: {
    title: "Panorama estatal",
    loading: "Leyendo las LEA: {read} hasta ahora…",
    incomplete: "Solo se leyeron las primeras {read} LEA. Los números de abajo no están completos.",
    asOf: "Los cambios y los correos aparecen aquí en segundos; después de un fallo, con la siguiente comprobación diaria. Los últimos usos corresponden a la última comprobación, {at}. Vuelva a cargar la página para ver lo que cambió desde que la abrió.",
    neverChecked: "Este panorama se está creando: pueden faltar LEA hasta su primera revisión diaria.",
    states: "LEA por estado",
    state: { expired: "Vencidas", expiring: "Por vencer", revoked: "Revocadas", none: "Sin credenciales", active: "Vigentes", unknown: "No se puede leer" },
    histogram: {
      title: "Días hasta el vencimiento de las credenciales",
      days: "Días",
      leas: "LEA",
      range: "{first} a {last} días",
    },
    leas: "LEA",
    search: "Nombre o código CDS",
    stateFilter: "Estado",
    allStates: "Todos",
    week: "Vencen en los próximos 7 días",
    found: { one: "{shown} LEA", other: "{shown} LEA" },
    column: { name: "LEA", state: "Estado", expires: "Vencimiento", generated: "Generadas", lastUse: "Último uso", lastEmail: "Último correo", coordinators: "Coordinación" },
    ago: { one: "hace {count} día", other: "hace {count} días" },
    never: "Todavía no",
    noEmail: "Ninguno todavía",
    email: {
      notice: "Aviso de un cambio",
      reminder: { one: "Recordatorio, {count} día antes", other: "Recordatorio, {count} días antes" },
      afterExpiry: { one: "Recordatorio, {count} día después", other: "Recordatorio, {count} días después" },
      result: {
        sent: "Enviado",
        "partly-refused": "Enviado, pero se rechazaron algunas direcciones:",
        refused: "Se rechazaron todas las direcciones:",
        deferred: "Enviado, pero algunas direcciones quedaron pendientes",
        "not-sent": "Todavía no se envió",
        "no-recipient": "No se envió: nadie que coordine tiene dirección",
      },
    },
    noCoordinators: "Nadie coordina",
    noAddress: "(sin dirección)",
    previous: "Página anterior",
    next: "Página siguiente",
    page: "Página {page} de {pages}",
  },

  actions: {
    signIn: "Volver a iniciar sesión",
    retry: "Intentar de nuevo",
    checkAgain: "Comprobar de nuevo",
  },

  messages: {
    notHosted: {
      title: "Abra esta pantalla desde TOMS.",
      text: "TOMS no proporcionó su cuenta de usuario. Si abrió la pantalla desde TOMS, recárguela.",
    },
    staffOnly: {
      title: "Esta página es para el personal de TOMS.",
      text: "Su cuenta de TOMS no tiene la función que puede ver todas las LEA. Seleccione Credenciales o Historial arriba para ver sus propias LEA.",
    },
    noLeas: {
      title: "Usted no coordina ninguna LEA.",
      text: "Su cuenta de TOMS no tiene la función de coordinación de una LEA, así que aquí no hay nada que mostrar. Si debería tenerla, consulte a quien coordina CAASPP o ELPAC en su LEA.",
    },
    offline: {
      title: "No tiene conexión.",
      text: "{notLoaded} Revise su conexión a la red e inténtelo de nuevo.",
    },
    unreachable: {
      title: "No se pudo establecer conexión con el servicio.",
      text: "{notLoaded} Revise su conexión a la red e inténtelo de nuevo.",
    },
    unavailable: {
      title: "El servicio no está disponible en este momento.",
      text: "{notLoaded} Inténtelo de nuevo en unos segundos.",
    },
    unexpected: {
      title: "Ocurrió algo inesperado.",
      text: "{notLoaded} Inténtelo de nuevo; si vuelve a ocurrir, comuníquese con el soporte técnico de TOMS.",
    },
    sessionEnded: {
      title: "Su sesión ha terminado.",
      text: "{notLoaded} Vuelva a iniciar sesión para continuar.",
    },
    notPermitted: {
      title: "No tiene acceso a esta LEA.",
      text: "Su cuenta de TOMS no tiene la función de coordinación de esta LEA. Seleccione Credenciales arriba para ir a su propia LEA o consulte a quienes coordinan esta.",
    },
    unknownLea: {
      title: "No existe esa LEA.",
      text: "El código CDS de la dirección de esta página no es válido: debe tener 14 dígitos. Seleccione Credenciales arriba.",
    },
    chooseLea: {
      title: "Elija una LEA.",
      text: "Seleccione Panorama arriba, y después una LEA, para ver su historial.",
    },
    interrupted: {
      title: "La descarga se interrumpió.",
      text: "La conexión terminó antes de que llegara el archivo completo, así que no se guardó ningún archivo. Inténtelo de nuevo.",
    },
    partialFailure: {
      title: "Algunos avisos no se pudieron leer.",
      text: "Faltan aquí los avisos de {leas}. Inténtelo de nuevo; si vuelve a ocurrir, comuníquese con el soporte técnico de TOMS.",
    },
    changeOffline: {
      title: "No tiene conexión.",
      text: "{notDone} Revise su conexión a la red y vuelva a seleccionar el botón.",
    },
    generateSessionEnded: {
      title: "Su sesión ha terminado.",
      text: "{notDone} Vuelva a iniciar sesión y a seleccionar el botón: la casilla sigue marcada.",
    },
    changeSessionEnded: {
      title: "Su sesión ha terminado.",
      text: "{notDone} Vuelva a iniciar sesión y a seleccionar el botón.",
    },
    changeNotPermitted: {
      title: "No tiene acceso a esta LEA.",
      text: "Su cuenta de TOMS ya no tiene la función de coordinación de esta LEA. {notDone} Consulte a quienes coordinan esta LEA.",
    },
    changeUnexpected: {
      title: "Ocurrió algo inesperado.",
      text: "{notDone} Inténtelo de nuevo; si vuelve a ocurrir, comuníquese con el soporte técnico de TOMS.",
    },
    wordingChanged: {
      title: "La declaración de la autorización ha cambiado.",
      text: "No se generaron credenciales; si ya las había, siguen sin cambios. Vuelva a leer la declaración, marque la casilla y seleccione el botón.",
    },
    nothingGenerated: {
      title: "Hasta ahora no se han generado nuevas credenciales.",
      text: "El servicio no pudo generarlas en este momento; si ya las había, siguen sin cambios. Vuelva a seleccionar el botón.",
    },
    outcomeUnknown: {
      title: "No se sabe con certeza si se generaron credenciales.",
      text: "El servicio no lo confirmó y no se pudo leer el estado actual. Si se generaron, la clave secreta que puedan tener sus proveedores ya no funciona. Compruebe de nuevo para saberlo.",
    },
    outcomeUnknownOverlap: {
      title: "No se sabe con certeza si se generaron credenciales.",
      text: "El servicio no lo confirmó y no se pudo leer el estado actual. Si se generaron, la clave secreta anterior funciona durante el tiempo que usted eligió. Compruebe de nuevo para saberlo.",
    },
    nothingEnded: {
      title: "Hasta ahora no se ha desactivado la clave secreta anterior.",
      text: "El servicio no pudo desactivarla en este momento. Vuelva a seleccionar el botón.",
    },
    endUnknown: {
      title: "No se sabe con certeza si se desactivó la clave secreta anterior.",
      text: "El servicio no lo confirmó y no se pudo leer el estado actual. Compruebe de nuevo para saberlo.",
    },
    nothingRevoked: {
      title: "Hasta ahora no se han revocado las credenciales.",
      text: "El servicio no pudo revocarlas en este momento, así que todavía funcionan. Vuelva a seleccionar el botón.",
    },
    revocationUnknown: {
      title: "No se sabe con certeza si se revocaron las credenciales.",
      text: "El servicio no lo confirmó y no se pudo leer el estado actual. Compruebe de nuevo para saberlo.",
    },
    keyLost: {
      title: "Se generaron credenciales, pero su clave secreta no llegó aquí.",
      text: "Las generó {name} ({time}). Si fue usted hace un momento, la clave se perdió en el camino y ya nadie puede verla. La clave anterior ya no funciona. Regenere las credenciales para recibir una clave que pueda entregar a sus proveedores.",
    },
    keyLostOverlap: {
      title: "Se generaron credenciales, pero su clave secreta no llegó aquí.",
      text: "Las generó {name} ({time}). Si fue usted hace un momento, la clave se perdió en el camino y ya nadie puede verla. La clave anterior funciona hasta el {until} o hasta la próxima regeneración. Regenere las credenciales para recibir una clave que pueda entregar a sus proveedores.",
    },
    changed: {
      title: "Entretanto se generaron nuevas credenciales.",
      text: "{name} ya generó nuevas credenciales ({time}), así que aquí no se cambió nada. Pida la clave secreta a {name}. Si usted las regenera, esa clave deja de funcionar.",
    },
    keySuperseded: {
      title: "La clave secreta que se mostraba aquí ya no funciona.",
      text: "{name} generó nuevas credenciales ({time}). No entregue la clave secreta anterior a sus proveedores.",
    },
    keySupersededOverlap: {
      title: "La clave secreta que se mostraba aquí se ha reemplazado.",
      text: "{name} generó nuevas credenciales ({time}). La clave secreta anterior solo funciona hasta el {until}. No la entregue a sus proveedores.",
    },
    shareUnknown: {
      title: "No se sabe con certeza si se creó el enlace.",
      text: "El servicio no lo confirmó, y ya nadie puede obtener este enlace. Si aparece en la lista de enlaces compartidos, cancélelo allí. Después, cree otro enlace.",
    },
    nothingToShare: {
      title: "Las credenciales ya no son válidas, así que no se creó ningún enlace.",
      text: "Han vencido o se revocaron. Genere nuevas credenciales y compártalas.",
    },
    tooManyShares: {
      title: "Estas credenciales ya tienen el número máximo de enlaces, así que no se creó ninguno más.",
      text: "Entregue las credenciales a los demás proveedores de otra manera segura.",
    },
    shareOpened: {
      title: "El enlace para {vendor} ya se abrió, así que no se canceló.",
      text: "Consulte al proveedor. Si no fue el proveedor quien abrió el enlace, otra persona tiene la clave secreta: revoque o regenere las credenciales de inmediato.",
    },
    cancellationUnknown: {
      title: "No se sabe con certeza si se canceló el enlace.",
      text: "El servicio no lo confirmó. Si el enlace sigue en la lista, cancélelo de nuevo.",
    },
    shareNotHosted: {
      title: "Esta página no está disponible en este momento.",
      text: "No se pudo cargar una parte de ella. El enlace no se ha usado. Recargue la página en unos segundos.",
    },
    shareUnsupported: {
      title: "Este navegador no puede descifrar las credenciales.",
      text: "Abra el enlace en una versión actual de Edge, Chrome, Firefox o Safari, con una dirección que empiece por https. El enlace no se ha usado.",
    },
    shareIncomplete: {
      title: "Falta una parte del enlace.",
      text: "Algunos programas de correo cortan los enlaces largos. El enlace no se ha usado.",
    },
    shareOffline: {
      title: "No tiene conexión.",
      text: "El enlace no se ha usado. Revise su conexión a la red y vuelva a seleccionar el botón.",
    },
    shareUnreachable: {
      title: "No se sabe con certeza si se abrió el enlace.",
      text: "El servicio no respondió. Revise su conexión a la red y vuelva a seleccionar el botón. Si entonces esta página dice que el enlace ya no funciona, pida un nuevo enlace a la LEA.",
    },
    shareUnavailable: {
      title: "El servicio no está disponible en este momento.",
      text: "Vuelva a seleccionar el botón en unos segundos. Si entonces esta página dice que el enlace ya no funciona, pida un nuevo enlace a la LEA.",
    },
    shareGone: {
      title: "Este enlace ya no funciona.",
      text: "Ya se abrió, ha vencido, la LEA lo canceló o la LEA tiene nuevas credenciales. Pida un nuevo enlace a la LEA. Si usted no lo abrió, avise de inmediato a la LEA: es posible que otra persona tenga la clave secreta.",
    },
    shareDamaged: {
      title: "No se pueden descifrar las credenciales.",
      text: "El enlace se dañó en el camino. Ya se abrió y no se puede volver a abrir. Pida un nuevo enlace a la LEA.",
    },
    shareLeft: {
      title: "Usted salió de esta página, así que ya no muestra las credenciales.",
      text: "Si no las ha guardado, pida un nuevo enlace a la LEA.",
    },
  },
};
