package io.adapt4j.upkeep.cycle;

import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.HistoryEntry.Action;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import io.adapt4j.upkeep.registry.RegistryException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Guard that returns {@code production} to the version before when a promoted version is worse by
 * its live scores, such as ratings. Each score of the promoted version is paired with one of the
 * version before: the latest from before the promotion that is not used yet, or one of the canary's
 * other side. The probability that a version which is not worse is ever rolled back is at most the
 * level, however many scores there are. That a period is worse than the one before it counts as the
 * version's fault, unless both versions answer at the same time.
 *
 * <p>It rolls back once for each promotion, only a version that is still in production, only to one
 * with an exam, and not a version that was rolled back before and that somebody has promoted again.
 * Scores are kept in memory: after a restart the comparison begins anew. Thread-safe.
 */
public final class RollbackGuard {

  private static final String WHO = "rollback guard";
  private static final int MOST_SCORES = 10_000;

  private final Registry registry;
  private final String name;
  private final String figure;
  private final double level;

  /** Scores of the version in production, for the comparison with its successor. */
  private final Scores production = new Scores();

  private int changes = -1;
  private @Nullable ModelVersion live;
  private @Nullable Watch watch;
  private String outcome = "";

  /** The latest scores of a version, oldest first. */
  private static final class Scores {

    private final Deque<Double> latest = new ArrayDeque<>();

    void add(double score) {
      latest.add(score);
      if (latest.size() > MOST_SCORES) {
        latest.remove();
      }
    }
  }

  /** Comparison since a promotion. */
  private static final class Watch {

    private final ModelVersion promoted;
    private final ModelVersion former;
    private final Scores scores = new Scores();
    private final Scores formerScores = new Scores();
    private final Evidence evidence = new Evidence();
    private long pairs;
    private double sum;
    private double formerSum;

    Watch(ModelVersion promoted, ModelVersion former) {
      this.promoted = promoted;
      this.former = former;
    }

    /** Pairs scores as far as both have some; returns whether the promoted version is worse. */
    boolean isWorse(double level) {
      while (!scores.latest.isEmpty() && !formerScores.latest.isEmpty()) {
        // The latest is the nearest in time; no choice may depend on the scores.
        double score = scores.latest.remove();
        double formerScore = formerScores.latest.removeLast();
        pairs++;
        sum += score;
        formerSum += formerScore;
        evidence.add(score - formerScore);
        if (evidence.reaches(level)) {
          return true;
        }
      }
      return false;
    }

    String text(String figure) {
      return String.format(
          Locale.ROOT,
          "%s of %s %.4f, of %s %.4f, in %d pairs",
          figure,
          promoted.reference(),
          sum / Math.max(1, pairs),
          former.reference(),
          formerSum / Math.max(1, pairs),
          pairs);
    }
  }

  /**
   * Creates a guard.
   *
   * @param registry the registry
   * @param name the model
   * @param figure name of the score for the history, such as {@code rating}
   * @param level probability of a wrong rollback after a promotion, such as 0.01
   */
  public RollbackGuard(Registry registry, String name, String figure, double level) {
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("level: expected between 0 and 1, found " + level);
    }
    this.registry = registry;
    this.name = name;
    this.figure = figure;
    this.level = level;
    update();
  }

  /** Looks for promotions. Call it on a schedule: scores count from then on. */
  public synchronized void update() {
    List<HistoryEntry> history =
        registry.history(name).stream()
            .filter(entry -> entry.alias().equals(Registry.PRODUCTION))
            .toList();
    if (history.size() == changes) {
      return;
    }
    changes = history.size();
    watch = null;
    Optional<ModelVersion> now =
        registry.aliases(name).containsKey(Registry.PRODUCTION)
            ? Optional.of(registry.resolve(name + "@" + Registry.PRODUCTION))
            : Optional.empty();
    Optional<ModelVersion> former = now.flatMap(one -> former(history, one));
    if (former.isPresent()) {
      watch = new Watch(now.orElseThrow(), former.get());
      if (former.get().equals(live)) {
        watch.formerScores.latest.addAll(production.latest);
      }
    }
    live = now.orElse(null);
    production.latest.clear();
  }

  /** Returns the version to return to, if the last change was a promotion that may be undone. */
  private Optional<ModelVersion> former(List<HistoryEntry> history, ModelVersion now) {
    OptionalInt number = OptionalInt.of(now.number());
    HistoryEntry last = history.get(history.size() - 1);
    boolean undone =
        history.stream()
            .anyMatch(one -> one.action() == Action.ROLLBACK && one.from().equals(number));
    return last.action() != Action.PROMOTE || !last.to().equals(number) || undone
        ? Optional.empty()
        : registry.earlier(name, Registry.PRODUCTION).stream()
            .filter(one -> one.number() != now.number() && !registry.exams(one).isEmpty())
            .findFirst();
  }

  /**
   * Adds a score of an answer, and rolls back if production is worse by now.
   *
   * @param version version that answered, such as {@code support@3} or {@link ModelVersion#exact}
   * @param score from 0 to 1; larger is better, such as 0 for a failed answer and 1 for another
   * @return the version that production was returned to, if it was
   */
  public synchronized Optional<ModelVersion> add(String version, double score) {
    if (!(score >= 0 && score <= 1)) {
      throw new IllegalArgumentException("score: expected from 0 to 1, found " + score);
    }
    Watch open = watch;
    if (live != null && isNamed(live, version)) {
      production.add(score);
      if (open != null) {
        open.scores.add(score);
      }
    } else if (open != null && isNamed(open.former, version)) {
      open.formerScores.add(score);
    }
    return open != null && open.isWorse(level) ? rollBack(open) : Optional.empty();
  }

  private static boolean isNamed(ModelVersion version, String reference) {
    return List.of(version.exact(), version.reference(), version.pinned()).contains(reference);
  }

  private Optional<ModelVersion> rollBack(Watch worse) {
    String reason = worse.text(figure) + ": worse at level " + level;
    try {
      boolean done = registry.rollback(worse.promoted, worse.former, Change.by(WHO, reason));
      outcome = done ? reason : "production has changed meanwhile";
      watch = null;
      return done ? Optional.of(worse.former) : Optional.empty();
    } catch (RegistryException e) {
      outcome = reason + ", but not rolled back: " + e.getMessage();
      watch = null;
      return Optional.empty();
    }
  }

  /** {@return the comparison so far or its outcome, in words} */
  public synchronized String text() {
    return watch != null ? watch.text(figure) : outcome;
  }
}
