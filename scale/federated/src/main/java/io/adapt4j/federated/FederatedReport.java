package io.adapt4j.federated;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Result of a federated fine-tuning.
 *
 * @param aggregation the aggregation method
 * @param rounds one report per round, including those of earlier processes
 * @param adapter the PEFT folder of the result; empty with {@link Aggregation#STACK_MERGE}
 * @param model the folder of the new base; empty if the base is unchanged
 */
public record FederatedReport(
    Aggregation aggregation,
    List<RoundReport> rounds,
    Optional<Path> adapter,
    Optional<Path> model) {

  /** Copies the list. */
  public FederatedReport {
    rounds = List.copyOf(rounds);
  }

  /** {@return a table of the rounds, and every site that was left out} */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s: %d rounds%n%5s %6s %9s %10s %12s %12s %9s%n"
            .formatted(
                aggregation,
                rounds.size(),
                "round",
                "sites",
                "loss",
                "|mean BA|",
                "averaged A,B",
                "this error",
                "epsilon"));
    for (RoundReport round : rounds) {
      double loss =
          round.sites().stream()
              .filter(site -> site.failure().isEmpty())
              .mapToDouble(SiteReport::lastLoss)
              .average()
              .orElse(Double.NaN);
      text.append(
          String.format(
              Locale.ROOT,
              "%5d %6d %9.4f %10.4g %12.4g %12.4g %9s%n",
              round.round(),
              round.sites().size() - round.leftOut().size(),
              loss,
              round.meanNorm(),
              round.factorMeanError(),
              round.aggregationError(),
              round.epsilon().isPresent()
                  ? String.format(Locale.ROOT, "%.3f", round.epsilon().getAsDouble())
                  : "-"));
      for (SiteReport site : round.leftOut()) {
        text.append(
            "      %s left out after %d attempts: %s%n"
                .formatted(site.site(), site.attempts(), site.failure().orElseThrow()));
      }
    }
    return text.toString();
  }
}
