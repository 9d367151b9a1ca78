#include "hook.h"

#include "log.h"
#include "statistics.h"

#include <stats/stats_mgr.h>

#include <cstring>
#include <ctime>
#include <new>

using isc::data::ConstElementPtr;
using isc::data::Element;

namespace option150
{

namespace
{

const uint16_t tftp_port = 69;

int64_t seconds(clockid_t clock)
{
	struct timespec now = {};
	clock_gettime(clock, &now);
	return now.tv_sec;
}

void health_changed(void *context, struct in_addr server, bool alive, bool file_missing)
{
	try {
		if (!alive)
			LOG_WARN(logger, OPTION150_SERVER_DEAD).arg(text_of(server));
		else if (file_missing)
			LOG_WARN(logger, OPTION150_FILE_MISSING)
				.arg(text_of(server))
				.arg(static_cast<const char *>(context));
		else
			LOG_INFO(logger, OPTION150_SERVER_ALIVE).arg(text_of(server));
	} catch (...) {
		// the prober's thread is C: nothing may pass
	}
}

// True while Kea starts: it makes its own statistics only after its first configuration.
bool kea_starts()
{
	return !isc::stats::StatsMgr::instance().getObservation("declined-addresses");
}

} // namespace

int64_t wall_clock()
{
	return seconds(CLOCK_REALTIME);
}

int64_t steady_clock()
{
	return seconds(CLOCK_MONOTONIC);
}

Hook &Hook::instance()
{
	static Hook hook;
	return hook;
}

void Hook::load(const ConstElementPtr &element)
{
	if (listed_++) {
		// each entry would look at every packet
		faults_.push_back(
			"hooks-libraries lists this library more than once: leave "
			"one, the first is what counts");
		return;
	}
	candidate_.reset();
	faults_.clear();
	// Said even by parameters that are faulty elsewhere.
	ConstElementPtr strict;
	if (element && element->getType() == Element::map)
		strict = element->get("strict");
	strict_ = strict && strict->getType() == Element::boolean && strict->boolValue();

	try {
		Tree tree;
		tree_of(element, &tree);
		Errors errors;
		cpr_parameters *parsed = nullptr;
		int r = cpr_parameters_parse(&tree, &parsed, &errors);
		Parameters parameters(parsed);
		faults_ = lines_of(errors);
		if (r == 0) {
			cpr_decider *decider = nullptr;
			r = cpr_decider_new(&decider, parameters.get());
			if (r == 0) {
				parameters.release();
				if (cpr_decider_parameters(decider)->recovery_server_n)
					recovers_ = true;
			}
			candidate_.reset(decider);
		}
		if (r < 0 && faults_.empty())
			faults_.push_back(strerror(-r));
	} catch (const std::exception &e) {
		candidate_.reset();
		faults_.push_back(e.what());
	}
	// A "libreload" ends here: what is in force goes on.
	if (good_)
		start_health();
}

void Hook::unload()
{
	listed_ = 0; // Kea lets all go, then loads
	stop_health();
	candidate_.reset();
}

std::string Hook::configured()
{
	prepare_statistics();
	// The admin's options and networks may be others now.
	if (phones_)
		cpr_phones_forget_sent(phones_.get());
	if (candidate_)
		commit();
	if (faults_.empty())
		return std::string();
	if (strict_ && !good_ && kea_starts()) {
		LOG_ERROR(logger, OPTION150_START_REFUSED).arg(joined(faults_));
		return "option150: " + joined(faults_);
	}
	if (good_)
		LOG_ERROR(logger, OPTION150_BAD_PARAMETERS).arg(joined(faults_));
	else
		LOG_ERROR(logger, OPTION150_INERT).arg(joined(faults_));
	return std::string();
}

std::string Hook::complaint() const
{
	if (faults_.empty())
		return std::string();
	return std::string("configuration applied, but option150 ") +
	       (good_ ? "goes on with its last good parameters: "
		      : "is inert, phones are sent no option 150: ") +
	       joined(faults_);
}

void Hook::commit()
{
	try {
		take_table(*cpr_decider_parameters(candidate_.get()));
	} catch (const std::exception &) {
		faults_.push_back("parameters.track-phones: no memory for so many, "
				  "take fewer");
		candidate_.reset();
		return;
	}
	stop_health(); // it names the servers of the old one by number
	good_ = std::move(candidate_);
	start_health();
	LOG_INFO(logger, OPTION150_CONFIGURED).arg(summary());
}

// The table stays as long as its size does; marks move to a new one.
void Hook::take_table(const cpr_parameters &parameters)
{
	if (phones_ && rows_ == parameters.track_phones)
		return;
	cpr_phones *made = nullptr;
	if (cpr_phones_new(&made, parameters.track_phones) < 0)
		throw std::bad_alloc();
	Phones table(made);
	if (phones_) {
		const int64_t now = wall_clock();
		std::vector<cpr_phone_mark> marks(CPR_RECOVERY_MARKS);
		marks.resize(
			cpr_phones_marks(phones_.get(), now, marks.data(), marks.size()));
		for (const auto &mark : marks)
			cpr_phones_mark(table.get(), mark.mac, now, mark.until);
	}
	phones_ = std::move(table);
	rows_ = parameters.track_phones;
}

void Hook::start_health()
{
	const cpr_parameters *parameters = cpr_decider_parameters(good_.get());
	if (health_ || !parameters->health)
		return;
	cpr_health_options options = {};
	options.server = cpr_decider_servers(good_.get(), &options.n);
	options.port = tftp_port;
	options.interval_ms = parameters->health_interval * 1000;
	options.failures = parameters->health_failures;
	options.file = parameters->health_file;
	options.known = known_.data();
	options.known_n = known_.size();
	cpr_health *health = nullptr;
	int r = cpr_health_new(
		&health, &options, health_changed, parameters->health_file);
	if (r < 0) {
		LOG_ERROR(logger, OPTION150_HEALTH_FAILED).arg(strerror(-r));
	}
	health_.reset(health);
}

// A server that is dead stands last after a reload too, not only when it has missed its probes
// again.
void Hook::stop_health()
{
	known_.clear();
	try {
		if (health_) {
			size_t n = 0;
			cpr_decider_servers(good_.get(), &n);
			known_.resize(n);
			for (size_t i = 0; i < n; i++)
				::cpr_health_state(health_.get(), i, &known_[i]);
		}
	} catch (const std::bad_alloc &) {
		// then they all begin alive
	}
	health_.reset();
}

std::string Hook::summary() const
{
	const cpr_parameters *p = cpr_decider_parameters(good_.get());
	std::string text;
	for (size_t i = 0; i < p->server_n; i++)
		text += (i ? ", " : "") + text_of(p->server[i]);
	if (text.empty())
		text = "no general servers";
	if (p->network_n)
		text += "; networks with their own: " + std::to_string(p->network_n);
	if (p->model_n)
		text += "; only to models: " + std::to_string(p->model_n);
	if (p->recovery_phone_n)
		text += "; phones in recovery: " + std::to_string(p->recovery_phone_n);
	if (p->override)
		text += "; the admin's own option 150 is overridden";
	return text;
}

} // namespace option150
