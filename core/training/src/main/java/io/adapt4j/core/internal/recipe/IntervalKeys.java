package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.train.Interval;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys with an {@link Interval}: {@code epoch}, a number of steps, or a time such as {@code 10m}.
 */
final class IntervalKeys {

  private static final String STEPS = "'epoch' or a number of steps of at least 1";

  /** Longest first, so that times are written in the largest unit that divides them. */
  private static final Map<String, Duration> UNITS = new LinkedHashMap<>();

  static {
    UNITS.put("h", Duration.ofHours(1));
    UNITS.put("m", Duration.ofMinutes(1));
    UNITS.put("s", Duration.ofSeconds(1));
    UNITS.put("ms", Duration.ofMillis(1));
    UNITS.put("ns", Duration.ofNanos(1));
  }

  private static final Pattern TIME =
      Pattern.compile("(\\d{1,15})(" + String.join("|", UNITS.keySet()) + ")");

  private IntervalKeys() {}

  static Option<Interval> ofSteps(String name) {
    return Option.<Interval>of(name, "epoch, or a number of steps")
        .required()
        .read(fields -> read(fields, name, false));
  }

  static Option<Interval> ofStepsOrTime(String name) {
    return Option.<Interval>of(name, "epoch, a number of steps, or a time such as 10m")
        .read(fields -> read(fields, name, true));
  }

  private static Optional<Interval> read(Fields fields, String name, boolean takesTime) {
    boolean isWord =
        fields.find(name).filter(value -> value.content() instanceof String).isPresent();
    if (!isWord) {
      return fields.integer(name, 1).map(Interval::steps);
    }
    String word = fields.text(name).orElseThrow();
    if (word.equals("epoch")) {
      return Optional.of(Interval.EPOCH);
    }
    Optional<Duration> time = takesTime ? time(word) : Optional.empty();
    if (time.isEmpty()) {
      String choices = takesTime ? STEPS + ", or a time such as 30s, 10m or 2h" : STEPS;
      fields.problem(name, "expected " + choices + ", found '" + word + "'.");
    }
    return time.map(Interval::every);
  }

  private static Optional<Duration> time(String word) {
    Matcher matcher = TIME.matcher(word);
    return matcher.matches()
        ? Optional.of(UNITS.get(matcher.group(2)).multipliedBy(Long.parseLong(matcher.group(1))))
            .filter(time -> !time.isZero())
        : Optional.empty();
  }

  static JsonNode write(Interval interval) {
    if (interval.isTime()) {
      return TextNode.valueOf(written(interval.time()));
    }
    return interval.steps() == 0 ? TextNode.valueOf("epoch") : IntNode.valueOf(interval.steps());
  }

  private static String written(Duration time) {
    return UNITS.entrySet().stream()
        .filter(unit -> unit.getValue().multipliedBy(time.dividedBy(unit.getValue())).equals(time))
        .findFirst()
        .map(unit -> time.dividedBy(unit.getValue()) + unit.getKey())
        .orElseThrow();
  }
}
