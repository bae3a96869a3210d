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
    otherLanguage: "English",
  },

  days: {
    today: "hoy",
    todayAt: "hoy ({time})",
    left: { one: "en {count} día", other: "en {count} días" },
  },

  timeOnDate: "{date}, {time}",

  help: "¿Necesita ayuda? Contacto: {contact}.",

  notLoaded: {
    credentials: "No pudimos cargar sus credenciales.",
    announcements: "No pudimos cargar sus avisos.",
  },

  home: {
    title: "Inicio de MyTOMS",
    announcements: "Avisos",
    none: "No hay avisos.",
    loading: "Leyendo los avisos…",
    leas: "Credenciales de proveedores de SIS de sus LEA",
    link: "Ir a las credenciales de proveedores de SIS de {lea}",
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
    },
    instructions: {
      none: "Marque la casilla de arriba y seleccione {button}. Recibirá un solo nombre de usuario y una sola clave secreta para todos los proveedores de la LEA.",
      expiring: "Regenérelas antes de ese momento: marque la casilla de arriba y seleccione {button}. Dé a sus proveedores el nombre de usuario (no cambia) y la nueva clave secreta.",
      expired: "Sus proveedores ya no pueden descargar los informes de calificaciones de los estudiantes. Para devolverles el acceso:",
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
    generated: "Generadas",
    generatedBy: "{instant}, por {name}",
    lastUsed: "Último uso por un proveedor",
    never: "Todavía ninguno",
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
    copiedAddress: "Se copió la dirección.",
    copiedUsername: "Se copió el nombre de usuario.",
    copiedSecretKey: "Se copió la clave secreta.",
    notCopied: "El navegador no permitió copiar. Seleccione el texto en la pantalla y cópielo manualmente; si la clave secreta está oculta, muéstrela primero.",
  },

  confirmation: {
    question: "¿Desea continuar y generar las credenciales?",
    generate: "Se generarán un nombre de usuario y una clave secreta para {lea}, válidos durante 365 días.",
    regenerate: "{lea} recibe una nueva clave secreta. Sus proveedores pierden el acceso de inmediato, hasta que usted dé la nueva clave a cada uno.",
    regenerateExpired: "{lea} recibe una nueva clave secreta. Sus proveedores vuelven a tener acceso cuando la reciban.",
    cancel: "Cancelar",
    confirm: "Sí, generar credenciales",
    busy: "Generando credenciales…",
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
    partialFailure: {
      title: "Algunos avisos no se pudieron leer.",
      text: "Faltan aquí los avisos de {leas}. Inténtelo de nuevo; si vuelve a ocurrir, comuníquese con el soporte técnico de TOMS.",
    },
    generateOffline: {
      title: "No tiene conexión.",
      text: "No se generaron credenciales; si ya las había, siguen sin cambios. Revise su conexión a la red y vuelva a seleccionar el botón.",
    },
    generateSessionEnded: {
      title: "Su sesión ha terminado.",
      text: "No se generaron credenciales; si ya las había, siguen sin cambios. Vuelva a iniciar sesión y a seleccionar el botón: la casilla sigue marcada.",
    },
    generateNotPermitted: {
      title: "No tiene acceso a esta LEA.",
      text: "Su cuenta de TOMS ya no tiene la función de coordinación de esta LEA. No se generaron credenciales; si ya las había, siguen sin cambios. Consulte a quienes coordinan esta LEA.",
    },
    generateUnexpected: {
      title: "Ocurrió algo inesperado.",
      text: "No se generaron credenciales; si ya las había, siguen sin cambios. Recargue esta página e inténtelo de nuevo; si vuelve a ocurrir, comuníquese con el soporte técnico de TOMS.",
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
    keyLost: {
      title: "Se generaron credenciales, pero su clave secreta no llegó aquí.",
      text: "Las generó {name} ({time}). Si fue usted hace un momento, la clave se perdió en el camino y ya nadie puede verla. La clave anterior ya no funciona. Regenere las credenciales para recibir una clave que pueda entregar a sus proveedores.",
    },
    changed: {
      title: "Entretanto se generaron nuevas credenciales.",
      text: "{name} ya generó nuevas credenciales ({time}), así que aquí no se cambió nada. Pida la clave secreta a {name}. Si usted las regenera, esa clave deja de funcionar.",
    },
    keySuperseded: {
      title: "La clave secreta que se mostraba aquí ya no funciona.",
      text: "{name} generó nuevas credenciales ({time}). No entregue la clave secreta anterior a sus proveedores.",
    },
  },
};
