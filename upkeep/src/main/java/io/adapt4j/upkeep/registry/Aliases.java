package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.upkeep.registry.HistoryEntry.Action;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Changes of a model's aliases and versions, each in one step under the model's lock. */
record Aliases(VersionStore store, Clock clock) {

  /** Step under a model's lock. */
  interface Changes<T> {
    T run(History history) throws IOException;
  }

  <T> T changing(String name, Changes<T> changes) {
    Path home = store.home(name);
    if (Access.reading(home, () -> VersionStore.list(home)).isEmpty()) {
      throw new RegistryException(
          "%s: no model '%s'; there are %s. Add a version first."
              .formatted(store.root(), name, Access.reading(store.root(), store::names)));
    }
    return Access.writing(
        home,
        () -> {
          try (ProcessLock lock = Access.lock(home)) {
            return changes.run(History.read(home));
          }
        });
  }

  /** Step under the model's lock that needs a version which is there. */
  <T> T changing(ModelVersion version, Changes<T> changes) {
    return changing(
        version.name(),
        history -> {
          requireThere(version);
          return changes.run(history);
        });
  }

  /**
   * Gives an alias to a version, if the alias is where it is expected or at that version already;
   * without an expectation always.
   */
  boolean promote(
      ModelVersion version, String alias, Optional<OptionalInt> expected, Change change) {
    Names.requireAlias(alias);
    return changing(
        version,
        history -> {
          boolean examined = isExamined(version);
          if (alias.equals(Registry.PRODUCTION)) {
            requireExam(version, examined, change);
          }
          OptionalInt from = history.current(alias);
          OptionalInt to = OptionalInt.of(version.number());
          if (from.equals(to)) {
            return true;
          }
          if (expected.filter(number -> !number.equals(from)).isPresent()) {
            return false;
          }
          history.append(entry(Action.PROMOTE, alias, from, to, examined, change));
          return true;
        });
  }

  ModelVersion rollback(String name, String alias, Change change) {
    return changing(
        name,
        history -> {
          ModelVersion version =
              earlier(name, alias, history).stream()
                  .findFirst()
                  .orElseThrow(
                      () ->
                          new RegistryException(
                              "%s@%s: no version had this alias before. Promote another version."
                                  .formatted(name, Names.shown(alias))));
          rollback(history, alias, version, change);
          return version;
        });
  }

  boolean rollback(ModelVersion from, ModelVersion to, Change change) {
    return changing(
        to,
        history -> {
          String alias = Registry.PRODUCTION;
          if (!history.current(alias).equals(OptionalInt.of(from.number()))) {
            return false;
          }
          if (!earlier(from.name(), alias, history).contains(to)) {
            throw new RegistryException(
                "%s: expected a version that was in production before %s. Promote it instead."
                    .formatted(to.reference(), from.reference()));
          }
          requireExam(to, isExamined(to), change);
          rollback(history, alias, to, change);
          return true;
        });
  }

  private void rollback(History history, String alias, ModelVersion to, Change change)
      throws IOException {
    OptionalInt from = history.current(alias);
    OptionalInt number = OptionalInt.of(to.number());
    history.append(entry(Action.ROLLBACK, alias, from, number, isExamined(to), change));
  }

  /** Returns the versions that had an alias before the current one, the latest first. */
  List<ModelVersion> earlier(String name, String alias, History history) {
    return history.versions(alias).stream()
        .skip(1)
        .flatMap(number -> VersionRecord.read(store.home(name, number)).stream())
        .toList();
  }

  void remove(String name, String alias, Change change) {
    changing(
        name,
        history -> {
          OptionalInt from = history.current(alias);
          if (from.isPresent()) {
            history.append(entry(Action.REMOVE, alias, from, OptionalInt.empty(), false, change));
          }
          return name;
        });
  }

  void delete(ModelVersion version, Change change) {
    changing(
        version,
        history -> {
          history
              .aliases()
              .forEach(
                  (alias, number) -> {
                    if (number == version.number()) {
                      throw new RegistryException(
                          "%s: expected no alias, found '%s'. Promote another version first."
                              .formatted(version.reference(), alias));
                    }
                  });
          if (!history.isDeleted(version.number())) {
            OptionalInt number = OptionalInt.of(version.number());
            history.append(
                entry(Action.DELETE, "", OptionalInt.empty(), number, isExamined(version), change));
          }
          store.delete(version.name(), version.number());
          return version;
        });
  }

  private void requireThere(ModelVersion version) {
    Optional<String> digest =
        VersionRecord.read(store.home(version.name(), version.number())).map(ModelVersion::digest);
    if (!digest.equals(Optional.of(version.digest()))) {
      throw new RegistryException(
          "%s: this version is not in %s. Resolve a reference to it first."
              .formatted(version.reference(), store.root()));
    }
  }

  private boolean isExamined(ModelVersion version) throws IOException {
    return !Exams.of(store.home(version.name(), version.number())).isEmpty();
  }

  private static void requireExam(ModelVersion version, boolean examined, Change change) {
    if (!examined && !change.withoutExam()) {
      throw new RegistryException(
          ("%s: expected an exam before it becomes production, found none. Add its evaluation"
                  + " report, or allow a promotion without an exam.")
              .formatted(version.reference()));
    }
  }

  private HistoryEntry entry(
      Action action,
      String alias,
      OptionalInt from,
      OptionalInt to,
      boolean examined,
      Change change) {
    return new HistoryEntry(
        clock.instant(), action, alias, from, to, examined, change.who(), change.reason());
  }
}
