package io.adapt4j.eval.advise;

import io.adapt4j.eval.advise.Advice.Option;
import io.adapt4j.eval.advise.Advice.Reason;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** Formats advice. */
final class AdviceText {

  private final Advice advice;
  private final Set<Source> sources = new LinkedHashSet<>();
  private final List<String> lines = new ArrayList<>();

  private AdviceText(Advice advice) {
    this.advice = advice;
  }

  static String of(Advice advice) {
    return new AdviceText(advice).write();
  }

  private String write() {
    lines.add("Recommended: " + recommended() + ".");
    int place = 1;
    for (Option<Strategy> option : advice.strategies()) {
      lines.add("");
      lines.add(place++ + ". " + title(option, Strategy::label));
      reasons(option);
    }
    if (advice.strategies().stream()
        .anyMatch(strategy -> strategy.choice().trains() && !strategy.isRuledOut())) {
      lines.add("");
      lines.add("If you train, the methods in this order:");
      for (Option<TuningMethod> option : advice.methods()) {
        lines.add("");
        lines.add(title(option, TuningMethod::label));
        reasons(option);
      }
    }
    lines.add("");
    lines.add("Sources:");
    int number = 1;
    for (Source source : sources) {
      lines.add("[" + number++ + "] " + source.reference() + ": " + source.finding() + ".");
    }
    return String.join("\n", lines) + "\n";
  }

  private String recommended() {
    String strategy = advice.best().label();
    return advice.best().trains() ? strategy + " by " + advice.method().label() : strategy;
  }

  private static <T> String title(Option<T> option, Function<T, String> label) {
    String name = label.apply(option.choice());
    return capital(name)
        + (option.isRuledOut()
            ? " (ruled out)"
            : String.format(Locale.ROOT, " (%+d)", option.points()));
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private void reasons(Option<?> option) {
    if (option.reasons().isEmpty()) {
      lines.add("   nothing speaks for or against it");
    }
    for (Reason reason : option.reasons()) {
      String sign = reason.points() > 0 ? "+" : reason.points() < 0 ? "-" : "*";
      lines.add(
          "   "
              + sign
              + " "
              + reason.rule().reason()
              + " ["
              + number(reason.rule().source())
              + "]");
    }
  }

  private int number(Source source) {
    sources.add(source);
    return 1 + List.copyOf(sources).indexOf(source);
  }
}
