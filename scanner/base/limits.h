/* SPDX-License-Identifier: Apache-2.0
 *
 * limits.h: every cap and deadline that is not an option, with its reason.
 * Options have theirs in scanner/options.def.
 */
#pragma once

/* Names and lists */
#define LIMIT_NAME_BYTES 253      /* RFC 1035 2.3.4: text without root dot */
#define LIMIT_LABEL_BYTES 63      /* RFC 1035 2.3.4 */
#define LIMIT_LIST_LINE_BYTES 4096 /* a zone file line; names are far shorter */

/* DNS */
#define LIMIT_DNS_UDP_BYTES 1232  /* DNS flag day 2020: no fragmentation */
#define LIMIT_DNS_MESSAGE_BYTES 65535
#define LIMIT_DNS_CNAME_CHAIN 16  /* resolvers give up near here as well */
#define LIMIT_DNS_EDE 8           /* extended errors kept per answer */
#define LIMIT_DNS_EDE_TEXT_BYTES 256
#define LIMIT_TXT_RRS 64          /* TXT RRs kept per name */
#define LIMIT_TXT_BYTES 4096      /* joined bytes kept per TXT RR */
#define LIMIT_MX_RRS 32           /* MX hosts judged per domain, sorted */
#define LIMIT_ADDRESSES 8         /* per family and host, after sorting */
#define LIMIT_TLSA_RRS 32
#define LIMIT_TLSA_DATA_BYTES 4096 /* Full(0) certificates included */
#define LIMIT_DNS_ATTEMPTS 8      /* six silent ones, two after truncation */
#define LIMIT_OTHER_RRS 32        /* NS, DS and CAA RRs kept per name */
#define LIMIT_DS_DIGEST_BYTES 64  /* SHA-384 has 48 */
#define LIMIT_CAA_VALUE_BYTES 512 /* an issuer's name with parameters */

/* Policy fetch */
#define LIMIT_POLICY_BODY_BYTES 65536 /* RFC 8461 3.3 suggests 64 KB */
#define LIMIT_POLICY_OTHER_BYTES 8192 /* kept of another address's body */
#define LIMIT_POLICY_OTHER_SILENT 2   /* time-outs until the rest is left */
#define LIMIT_POLICY_SILENT_IN_ROW 3  /* time-outs, then left alone */
#define LIMIT_POLICY_SILENT_MS 600000 /* for so long */
#define LIMIT_POLICY_SILENT_BOOK 65536 /* addresses remembered so */
#define LIMIT_HTTP_HEADER_BYTES 512   /* kept of each header that matters */
#define LIMIT_POLICY_LINES 1024       /* parsed; more is invalid */
#define LIMIT_RUA 32                  /* report destinations kept */
#define LIMIT_RPT_REASONS 64          /* told of one TLS report, per grade */

/* SMTP */
#define LIMIT_SMTP_LINE_BYTES 2048    /* RFC 5321 4.5.3.1.5 says 512 */
#define LIMIT_SMTP_REPLY_LINES 128
#define LIMIT_SMTP_READ_BYTES 65536   /* in clear, per session */
#define LIMIT_SMTP_KEPT_LINES 64      /* EHLO lines kept in the record */
#define LIMIT_SMTP_COMMAND_BYTES 512  /* RFC 5321 4.5.3.1.4: one of ours */
#define LIMIT_SMTP_QUIT_MS 2000       /* we said QUIT; the 221 is courtesy */

/* Certificates */
#define LIMIT_CHAIN 10                /* certificates kept per chain */
#define LIMIT_CERT_BYTES 32768        /* DER; larger ones are not kept */
#define LIMIT_CERT_NAMES 256          /* SAN DNS names kept */
#define LIMIT_VERIFY_ERRORS 8         /* told of one chain, each once */

/* The run */
#define LIMIT_PARK_AFTER_MS 250       /* most look-ups are faster */

/* Files */
#define LIMIT_FRAME_BYTES (4u << 20)  /* plain bytes per zstd frame */
#define LIMIT_FRAME_MS 5000           /* a frame is closed this often */
#define LIMIT_RECORD_BYTES (2u << 20) /* one record, plain */

/* Outages */
#define LIMIT_OUTAGE_VOTES 32         /* keys that fail: 0.7^32 is 1e-5 */
#define LIMIT_OUTAGE_GROUP_VOTES 4    /* of them, of one group */
#define LIMIT_OUTAGE_KEYS 65536       /* remembered, 16 bytes each */
#define LIMIT_OUTAGE_KEY_MS 600000    /* unheard of so long: votes again */
