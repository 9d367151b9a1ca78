/* What lib/check-*.c and the table in lib/checks.c share: how a check reports, and the checks,
 * one a row. */
#pragma once

#include "checks.h"

/* One finding a check and file: what five lists miss is missing once.  file "": it is no
 * file's fault. */
void cpr_found_as(struct cpr_sink *s, enum cpr_severity severity, const char *file,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for as many as there are in one file. */
void cpr_found_each(struct cpr_sink *s, enum cpr_severity severity, const char *file,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
#define cpr_found(s, file, ...) cpr_found_as(s, (s)->check->severity, file, __VA_ARGS__)

void cpr_check_missing_image(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_wrong_case(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_truncated_image(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_renamed(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_loads_inner_name(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_container_malformed(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_loads_malformed(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_unreadable(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_no_term_file(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_term_not_served(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_term_version(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_dangling_load(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_pin_not_served(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_no_complete_load(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_os79xx(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_xmldefault_malformed(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_no_call_manager(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_no_firmware(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_no_tftp_server(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_hardware_mask(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_upgrade_path(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_term_collision(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_beyond_tftp(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_absolute_link(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_model_not_answered(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_closed_to_server(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_line_missing(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_network_not_served(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_option_missing(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_secret_readable(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_tftp_root_differs(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_server_differs(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_server_silent(const struct cpr_plan *p, struct cpr_sink *s);
void cpr_check_firewall(const struct cpr_plan *p, struct cpr_sink *s);
