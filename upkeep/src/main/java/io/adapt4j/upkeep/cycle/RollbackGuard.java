package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.HistoryEntry.Action;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import io.adapt4j.upkeep.registry.RegistryException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
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
 * With a file the comparison continues after a restart, and is shared with other guards that use
 * the file, also in other processes. Thread-safe.
 */
public final class RollbackGuard {

  private static final String ID = "id";
  private static final int MOST_PENDING = 10_000;
  private static final String WHO = "rollback guard";

  private final Registry registry;
  private final String name;
  private final String figure;
  private final double level;
  private final @Nullable GuardFile file;

  /** Scores of the version in production, for the comparison with its successor. */
  private final Scores production = new Scores();

  private int changes = -1;
  private @Nullable ModelVersion live;
  private @Nullable PromotionWatch watch;
  private String outcome = "";

  /** Whether something has changed since the file was written. */
  private boolean unsaved;

  /** Whether production is worse by the scores so far. */
  private boolean worse;

  /** Scores that the file lacks, oldest first. */
  private final Deque<VersionScore> pending = new ArrayDeque<>();

  /** Id of the content of the file that these scores come after. */
  private @Nullable String synchronizedId;

  /**
   * Creates a guard that keeps its scores in memory: after a restart the comparison starts over.
   *
   * @param registry the registry
   * @param name the model
   * @param figure name of the score for the history, such as {@code rating}
   * @param level probability of a wrong rollback after a promotion, such as 0.01
   */
  public RollbackGuard(Registry registry, String name, String figure, double level) {
    this(registry, name, figure, level, (GuardFile) null);
  }

  /**
   * Creates a guard that stores its comparison in a file with every {@link #update} and continues
   * it from there, with the scores of other guards that do so. A damaged file, or one of a version
   * that is gone, is reported in the log, and the comparison starts over.
   *
   * @param registry the registry
   * @param name the model
   * @param figure name of the score for the history, such as {@code rating}
   * @param level probability of a wrong rollback after a promotion, such as 0.01
   * @param file the file of the guards of this model and figure, which may be absent
   * @throws IllegalArgumentException if it is the file of another model or figure
   */
  public RollbackGuard(Registry registry, String name, String figure, double level, Path file) {
    this(registry, name, figure, level, new GuardFile(file, name, figure));
  }

  private RollbackGuard(
      Registry registry, String name, String figure, double level, @Nullable GuardFile file) {
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("level: expected between 0 and 1, found " + level);
    }
    this.registry = registry;
    this.name = name;
    this.figure = figure;
    this.level = level;
    this.file = file;
    if (file == null) {
      look();
    } else {
      file.sweep();
      synchronizeWith(file);
    }
  }

  /**
   * Looks for promotions, and stores the scores if they have a file. Call it on a schedule: scores
   * count from then on.
   */
  public void update() {
    look();
    if (file != null && isUnsaved()) {
      synchronizeWith(file);
    }
  }

  private synchronized boolean isUnsaved() {
    return unsaved;
  }

  /**
   * Joins the scores since the last time with those of other guards in the file, rolls back if
   * production is worse by all of them, and stores them.
   *
   * @return the version that production was returned to, if it was
   */
  private Optional<ModelVersion> synchronizeWith(GuardFile shared) {
    AtomicReference<Optional<ModelVersion>> back = new AtomicReference<>(Optional.empty());
    // Writing takes long; scores need not wait for it.
    synchronized (shared) {
      shared.exclusively(
          () -> {
            shared.read().ifPresent(stored -> join(stored, shared));
            back.set(decide());
            look();
            Optional<Saving> saving = saving();
            saving.ifPresent(one -> saved(one, shared.write(one.state())));
          });
    }
    return Objects.requireNonNull(back.get());
  }

  /** State to write, and the number of scores in it that the file lacks. */
  private record Saving(ObjectNode state, String id, int scores) {}

  /** Restarts from a file that another guard has written, with the scores that it lacks. */
  private synchronized void join(JsonNode stored, GuardFile shared) {
    String id = stored.path(ID).asText();
    if (id.equals(synchronizedId)) {
      return;
    }
    try {
      read(stored);
    } catch (IllegalArgumentException | RegistryException e) {
      shared.warn(e);
      return;
    }
    synchronizedId = id;
    unsaved = !pending.isEmpty();
    worse = false;
    look();
    pending.forEach(one -> worse |= apply(one));
  }

  private synchronized Optional<ModelVersion> decide() {
    boolean decided = worse;
    worse = false;
    return decided && watch != null ? rollBack(watch) : Optional.empty();
  }

  private synchronized Optional<Saving> saving() {
    if (!unsaved) {
      return Optional.empty();
    }
    unsaved = false;
    String id = UUID.randomUUID().toString();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put(ID, id).put("changes", changes).put("outcome", outcome);
    if (live != null) {
      json.put("live", live.exact());
    }
    production.write(json.putArray("scores"));
    if (watch != null) {
      watch.write(json.putObject("watch"));
    }
    return Optional.of(new Saving(json, id, pending.size()));
  }

  private synchronized void saved(Saving saving, boolean succeeded) {
    if (succeeded) {
      synchronizedId = saving.id();
      for (int i = 0; i < saving.scores() && !pending.isEmpty(); i++) {
        pending.remove();
      }
    } else {
      unsaved = true;
    }
  }

  private synchronized void read(JsonNode json) {
    if (!json.path("changes").isInt()) {
      throw new IllegalArgumentException("changes: expected a number");
    }
    Scores scores = new Scores();
    scores.read(json.path("scores"));
    JsonNode open = json.path("watch");
    ModelVersion found = json.has("live") ? registry.resolve(json.path("live").asText()) : null;
    PromotionWatch compared = null;
    if (found != null && open.isObject()) {
      compared = new PromotionWatch(found, registry.resolve(open.path("former").asText()));
      compared.read(open);
    }
    changes = json.path("changes").asInt();
    outcome = json.path("outcome").asText();
    production.latest.clear();
    production.latest.addAll(scores.latest);
    live = found;
    watch = compared;
  }

  private synchronized void look() {
    List<HistoryEntry> history =
        registry.history(name).stream()
            .filter(entry -> entry.alias().equals(Registry.PRODUCTION))
            .toList();
    if (history.size() == changes) {
      return;
    }
    changes = history.size();
    unsaved = true;
    watch = null;
    Optional<ModelVersion> now =
        registry.aliases(name).containsKey(Registry.PRODUCTION)
            ? Optional.of(registry.resolve(name + "@" + Registry.PRODUCTION))
            : Optional.empty();
    Optional<ModelVersion> former = now.flatMap(one -> former(history, one));
    if (former.isPresent()) {
      watch = new PromotionWatch(now.orElseThrow(), former.get());
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
  public Optional<ModelVersion> add(String version, double score) {
    VersionScore one = new VersionScore(version, Scores.requireScore(score));
    synchronized (this) {
      unsaved = true;
      worse |= apply(one);
      if (file == null) {
        return decide();
      }
      pending.add(one);
      if (pending.size() > MOST_PENDING) {
        pending.remove();
      }
      if (!worse) {
        return Optional.empty();
      }
    }
    return synchronizeWith(file);
  }

  /** Score of an answer of a version. */
  private record VersionScore(String version, double score) {}

  /** Adds a score to the comparison; returns whether production is worse by it. */
  private boolean apply(VersionScore one) {
    PromotionWatch open = watch;
    if (live != null && isNamed(live, one.version())) {
      production.add(one.score());
      if (open != null) {
        open.scores.add(one.score());
      }
    } else if (open != null && isNamed(open.former, one.version())) {
      open.formerScores.add(one.score());
    }
    return open != null && open.isWorse(level);
  }

  private static boolean isNamed(ModelVersion version, String reference) {
    return List.of(version.exact(), version.reference(), version.pinned()).contains(reference);
  }

  private Optional<ModelVersion> rollBack(PromotionWatch worse) {
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
