package io.adapt4j.core;

import io.adapt4j.core.train.Interval;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.describe.Fields;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys with an {@link Interval}: {@code epoch}, a number of steps, or a time such as {@code 10m}.
 */
final class RunIntervals {

  private static final String STEPS = "'epoch' or a number of steps of at least 1";

  /** Longest first, so that times are written in the largest unit they are whole in. */
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

  private RunIntervals() {}

  static RunKey ofSteps(
      String name,
      BiConsumer<FineTuner.Builder, Interval> setter,
      Function<FineTuneSettings, Interval> getter) {
    return key(name, setter, getter, false);
  }

  static RunKey ofStepsOrTime(
      String name,
      BiConsumer<FineTuner.Builder, Interval> setter,
      Function<FineTuneSettings, Interval> getter) {
    return key(name, setter, getter, true);
  }

  private static RunKey key(
      String name,
      BiConsumer<FineTuner.Builder, Interval> setter,
      Function<FineTuneSettings, Interval> getter,
      boolean takesTime) {
    return RunKey.of(
        name,
        (fields, builder) ->
            read(fields, name, takesTime).ifPresent(value -> setter.accept(builder, value)),
        settings -> Optional.of(write(getter.apply(settings))));
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

  private static JsonNode write(Interval interval) {
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
