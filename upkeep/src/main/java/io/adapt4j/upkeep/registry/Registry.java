package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.report.ReportWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Folder with versions of adapters and models, and aliases such as {@code production} that point to
 * one of them. Several processes may use it at once, and a process may be killed at any moment: a
 * version is complete or absent, and an alias points to the version before or after a change. Files
 * are copied, so later changes of an added folder change nothing.
 *
 * <p>A reference names a version as {@code support@production} (alias), {@code support@3} (number)
 * or {@code support@sha256:...} (digest). Thread-safe.
 */
public final class Registry {

  /** The alias of the version that answers users; only a version with an exam gets it. */
  public static final String PRODUCTION = "production";

  /** The alias of the version that may replace it. */
  public static final String CHALLENGER = "challenger";

  private static final int ATTEMPTS = 3;

  private final VersionStore store;
  private final Clock clock;
  private final Aliases aliases;

  private Registry(VersionStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
    this.aliases = new Aliases(store, clock);
  }

  /**
   * Opens a registry. Nothing is created before the first version is added.
   *
   * @param folder its folder, which may be absent
   * @return the registry
   */
  public static Registry open(Path folder) {
    return new Registry(new VersionStore(folder), Clock.systemUTC());
  }

  /**
   * Sets the clock of creation times and of the history.
   *
   * @param time the clock
   * @return a registry of the same folder
   */
  public Registry withClock(Clock time) {
    return new Registry(store, time);
  }

  /**
   * Returns the version that a loaded folder is, of whatever registry.
   *
   * @param loaded the folder given to a model or an adapter
   * @return the version, or empty for a folder outside any registry
   * @throws RegistryException if its record is damaged
   */
  public static Optional<ModelVersion> versionOf(Path loaded) {
    return VersionRecord.find(loaded);
  }

  /** {@return the folder} */
  public Path folder() {
    return store.root();
  }

  /**
   * Adds a version by copying its folder. A folder whose content is already a version of this name
   * is not added again.
   *
   * @return the new version, or the existing one with this content
   * @throws RegistryException if the folder has no weights, too many files, links, or names that
   *     some system cannot have
   */
  public ModelVersion add(NewVersion version) {
    Optional<String> parent = version.parent().map(this::resolve).map(ModelVersion::pinned);
    return add(version, parent, () -> VersionStore.sources(version.folder()), files -> {});
  }

  /** Copies files, which may be elsewhere than in one folder, and checks the copies. */
  ModelVersion add(
      NewVersion version,
      Optional<String> parent,
      Access.Step<Map<String, Path>> sources,
      Consumer<List<VersionFile>> check) {
    return Access.writing(
        store.home(version.name()),
        () -> {
          try (VersionStore.Staged staged = store.stage(version.name(), sources.run())) {
            check.accept(staged.files());
            return publish(staged, version, parent);
          }
        });
  }

  /** Gives staged files the next number. */
  ModelVersion publish(VersionStore.Staged staged, NewVersion version, Optional<String> givenParent)
      throws IOException {
    String name = version.name();
    try (ProcessLock lock = Access.lock(store.home(name))) {
      List<ModelVersion> before = versions(name);
      for (ModelVersion other : before) {
        if (other.digest().equals(staged.digest())) {
          return other;
        }
      }
      int number =
          1
              + Math.max(
                  History.read(store.home(name)).largestNumber(),
                  before.stream().mapToInt(ModelVersion::number).max().orElse(0));
      Path home = store.home(name, number);
      Optional<String> parent = givenParent.or(() -> startOf(staged.folder(), before));
      ModelVersion added =
          new ModelVersion(
              name,
              number,
              staged.digest(),
              home.resolve(VersionRecord.folder(name, number)),
              clock.instant().truncatedTo(ChronoUnit.MILLIS),
              version.note(),
              Lineage.of(staged.folder(), parent),
              staged.files());
      staged.publish(home, added);
      return added;
    }
  }

  private static Optional<String> startOf(Path folder, List<ModelVersion> versions) {
    Set<String> start = Lineage.startHashes(folder);
    return versions.stream()
        .filter(version -> version.files().stream().anyMatch(file -> start.contains(file.sha256())))
        .map(ModelVersion::pinned)
        .findFirst();
  }

  /** {@return the names of all models, sorted} */
  public List<String> names() {
    return Access.reading(store.root(), store::names);
  }

  /**
   * Returns the versions of a model.
   *
   * @param name the model
   * @return sorted by number; empty for an unknown name
   */
  public List<ModelVersion> versions(String name) {
    return Access.reading(
        store.home(name),
        () -> {
          List<ModelVersion> versions = new ArrayList<>();
          for (int number : store.numbers(name)) {
            VersionRecord.read(store.home(name, number)).ifPresent(versions::add);
          }
          return versions;
        });
  }

  /**
   * Finds a version.
   *
   * @param reference {@code NAME@ALIAS}, {@code NAME@NUMBER}, {@code NAME@sha256:DIGEST}, or number
   *     and digest as in {@link ModelVersion#exact}
   * @return the version
   * @throws RegistryException if there is none; the message lists what there is
   */
  public ModelVersion resolve(String reference) {
    int at = reference.indexOf('@');
    if (at < 0) {
      throw new RegistryException(
          "reference: expected NAME@ALIAS, NAME@NUMBER or NAME@sha256:DIGEST, found '%s'."
                  .formatted(Names.shown(reference))
              + " Name a version, such as support@production.");
    }
    String name = Names.requireName(reference.substring(0, at));
    String selector = reference.substring(at + 1);
    for (int attempt = 1; ; attempt++) {
      Optional<ModelVersion> found = find(name, selector);
      if (found.isPresent()) {
        return found.get();
      }
      // An alias may have moved, and its former version been deleted, in between.
      if (attempt == ATTEMPTS) {
        throw new RegistryException(
            "%s: no version '%s' of '%s'; there are versions %s and aliases %s."
                    .formatted(
                        store.root(),
                        Names.shown(selector),
                        name,
                        versions(name).stream().map(ModelVersion::number).toList(),
                        aliases(name))
                + " Name one of these.");
      }
    }
  }

  private Optional<ModelVersion> find(String name, String selector) {
    int digest = selector.indexOf(Names.DIGEST);
    if (digest >= 0) {
      String pinned = name + "@" + selector;
      return versions(name).stream()
          .filter(one -> pinned.equals(digest == 0 ? one.pinned() : one.exact()))
          .findFirst();
    }
    Optional<Integer> number =
        Names.isNumber(selector)
            ? Optional.of(Integer.valueOf(selector))
            : Optional.ofNullable(aliases(name).get(selector));
    return number.flatMap(one -> VersionRecord.read(store.home(name, one)));
  }

  /**
   * Returns the aliases of a model.
   *
   * @return number of the version by alias, sorted
   */
  public Map<String, Integer> aliases(String name) {
    return History.read(store.home(name)).aliases();
  }

  /**
   * Returns every change of a model's aliases, and deletions.
   *
   * @return oldest first
   */
  public List<HistoryEntry> history(String name) {
    return History.read(store.home(name)).entries();
  }

  /**
   * Gives an alias to a version, in one step: at any moment an alias points to one version. Nothing
   * happens if it already has it.
   *
   * @param version the version
   * @param alias such as {@link #PRODUCTION}
   * @param change who and why
   * @throws RegistryException if the version is not in this registry, or if it is to become {@code
   *     production}, has no exam, and the change does not allow that
   */
  public void promote(ModelVersion version, String alias, Change change) {
    aliases.promote(version, alias, Optional.empty(), change);
  }

  /**
   * Gives an alias to a version only if no other version than the expected one has it by then, so
   * that what somebody else has promoted meanwhile is not replaced.
   *
   * @param expected the version that has the alias; empty for none
   * @return whether the version has the alias now, false if another has it than the expected one
   * @see #promote(ModelVersion, String, Change)
   */
  public boolean promote(
      ModelVersion version, String alias, Optional<ModelVersion> expected, Change change) {
    OptionalInt number =
        expected.map(one -> OptionalInt.of(one.number())).orElseGet(OptionalInt::empty);
    return aliases.promote(version, alias, Optional.of(number), change);
  }

  /**
   * Gives {@code production} to a version.
   *
   * @see #promote(ModelVersion, String, Change)
   */
  public void promote(ModelVersion version, Change change) {
    promote(version, PRODUCTION, change);
  }

  /**
   * Returns {@code production} to the version before.
   *
   * @return the version that has it now
   * @see #rollback(String, String, Change)
   */
  public ModelVersion rollback(String name, Change change) {
    return rollback(name, PRODUCTION, change);
  }

  /**
   * Returns an alias to the version that had it before the last promotion; repeated, to the one
   * before that. Deleted versions are skipped.
   *
   * @return the version that has it now
   * @throws RegistryException if there is none before
   */
  public ModelVersion rollback(String name, String alias, Change change) {
    return aliases.rollback(name, alias, change);
  }

  /**
   * Returns {@code production} from one version to another, only if the first still has it.
   *
   * @param from the version to leave
   * @param to one of {@link #earlier}
   * @return whether it was returned, false if another version has {@code production}
   * @throws RegistryException if the second was not in production before the first, or has no exam
   *     and the change does not allow that
   */
  public boolean rollback(ModelVersion from, ModelVersion to, Change change) {
    return aliases.rollback(from, to, change);
  }

  /**
   * Returns the versions that had an alias before the current one and to which it can return.
   *
   * @return the latest first, without those rolled back or deleted
   */
  public List<ModelVersion> earlier(String name, String alias) {
    return aliases.earlier(name, alias, History.read(store.home(name)));
  }

  /** Removes an alias, if it is there. */
  public void removeAlias(String name, String alias, Change change) {
    aliases.remove(name, alias, change);
  }

  /**
   * Deletes a version. Its number is not used again.
   *
   * @throws RegistryException if it has an alias
   */
  public void delete(ModelVersion version, Change change) {
    aliases.delete(version, change);
  }

  /**
   * Stores an evaluation of a version.
   *
   * @return the stored exam
   */
  public Exam addExam(ModelVersion version, EvaluationReport report) {
    return addExam(version, ReportWriter.of(report).written(clock.instant()).json());
  }

  /**
   * Stores an evaluation of a version that was written as JSON, such as by {@code adapt4j eval}.
   *
   * @param report the file
   * @return the stored exam
   * @throws RegistryException if it is no evaluation report
   */
  public Exam addExam(ModelVersion version, Path report) {
    return addExam(
        version, Access.reading(report, () -> BoundedFiles.readText(report, BoundedFiles.INDEX)));
  }

  Exam addExam(ModelVersion version, String json) {
    return aliases.changing(version, history -> Exams.write(home(version), json));
  }

  /**
   * Returns the exams of a version.
   *
   * @return sorted by digest; those whose file has changed are left out
   */
  public List<Exam> exams(ModelVersion version) {
    return Access.reading(home(version), () -> Exams.of(home(version)));
  }

  /**
   * Signs a version's name and digest, replacing an earlier signature.
   *
   * @param key an Ed25519 key
   */
  public void sign(ModelVersion version, PrivateKey key) {
    aliases.changing(
        version,
        history -> {
          Signatures.write(home(version), version, key);
          return version;
        });
  }

  /**
   * Returns whether a version was signed with the key of a public key. The signature covers the
   * digest; {@link #verify(ModelVersion)} compares the files with it.
   *
   * @param key an Ed25519 key that the application trusts
   * @return whether its signature is valid
   */
  public boolean isSigned(ModelVersion version, PublicKey key) {
    return Access.reading(home(version), () -> Signatures.verify(home(version), version, key));
  }

  /**
   * Compares a version's files and exams with their digests, reading all of them.
   *
   * @return one text for each file that changed, is missing, or was added
   */
  public List<String> verify(ModelVersion version) {
    return Audit.of(store, version);
  }

  /**
   * Compares all versions with their digests, and reads all histories.
   *
   * @return one text for each file that changed, is missing, or was added
   */
  public List<String> verify() {
    return Audit.of(store);
  }

  private Path home(ModelVersion version) {
    return store.home(version.name(), version.number());
  }
}
