package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServedRequest;
import io.adapt4j.serve.version.VersionedModel;
import io.adapt4j.upkeep.cycle.AliasFollower;
import io.adapt4j.upkeep.cycle.RollbackGuard;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of serving the versions of a registry. */
final class FollowArguments {

  private static final String FOLLOW = "--follow";
  private static final int OK = 200;
  private static final int FAILURE = 500;

  /** Guards share the level: one over ratings, one over failures. */
  private static final int GUARDS = 2;

  @Option(
      names = "--registry",
      paramLabel = "FOLDER",
      description = "The registry of the adapters that --follow names.")
  private @Nullable Path folder;

  @Option(
      names = FOLLOW,
      paramLabel = "NAME@ALIAS",
      description =
          "Serve the adapter that an alias of the registry names, such as support@production, as"
              + " model NAME. When the alias moves, requests from then on get the new version.")
  private @Nullable String reference;

  @Option(
      names = "--canary",
      paramLabel = "SHARE",
      description =
          "The share of who asks, from 0 to 1, that the version with the alias challenger"
              + " answers.")
  private @Nullable Double canary;

  @Option(
      names = "--shadow",
      paramLabel = "SHARE",
      description =
          "The share of requests for text, from 0 to 1, of which the challenger answers a copy after"
              + " the reply, recorded with --feedback and counted at /metrics.")
  private @Nullable Double shadow;

  @Option(
      names = "--roll-back",
      paramLabel = "LEVEL",
      description =
          "Roll production back when a promoted version is worse than the one before by its"
              + " ratings or failures; LEVEL is the probability of a wrong rollback, such as"
              + " 0.01.")
  private @Nullable Double level;

  private Optional<RollbackGuard> ratings = Optional.empty();
  private Optional<RollbackGuard> failures = Optional.empty();
  private String said = "";

  FollowArguments() {}

  /** Checks the options before the language model is loaded. */
  void require() {
    if (reference == null || folder == null) {
      if (folder != null
          || reference != null
          || canary != null
          || shadow != null
          || level != null) {
        throw new IllegalArgumentException(
            "--registry, --follow: expected both for an adapter of a registry. Give the other"
                + " too.");
      }
      return;
    }
    requireShare("--canary", canary);
    requireShare("--shadow", shadow);
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "--registry: expected the folder of a registry, found %s, which is none. Correct the path."
              .formatted(Destination.described(folder)));
    }
    Registry registry = Registry.open(folder);
    ModelVersion version = registry.resolve(reference);
    Adapters.requireAdapter(FOLLOW, version.folder());
    if (level != null) {
      if (!reference.endsWith("@" + Registry.PRODUCTION)) {
        throw new IllegalArgumentException(
            "--roll-back: expected --follow %s@production, found %s. Correct one of them."
                .formatted(version.name(), reference));
      }
      SamplingArguments.set(
          "--roll-back",
          () -> {
            ratings = Optional.of(guard(registry, version.name(), "rating", "ratings"));
            failures = Optional.of(guard(registry, version.name(), "share of answers", "failures"));
          });
    }
  }

  private RollbackGuard guard(Registry registry, String name, String figure, String file) {
    Path stored = registry.folder().resolve("guards").resolve(name + "-" + file + ".json");
    return new RollbackGuard(registry, name, figure, level / GUARDS, stored);
  }

  private static void requireShare(String option, @Nullable Double share) {
    if (share != null && !(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          option + ": expected from 0 to 1, found " + share + ". Correct the option.");
    }
  }

  /** The guard that ratings go to, if any. */
  Optional<RollbackGuard> ratings() {
    return ratings;
  }

  /** Name of the model in requests, if a registry is followed. */
  Optional<String> name() {
    return Optional.ofNullable(reference).map(text -> text.substring(0, text.indexOf('@')));
  }

  /** Adds the followed adapter to a server, and follows its alias until the result is closed. */
  AutoCloseable open(
      ModelServer.Builder server, LanguageModel model, boolean anyChatTemplate, PrintWriter err) {
    if (reference == null || folder == null) {
      return () -> {};
    }
    AliasFollower follower =
        new AliasFollower(
                Registry.open(folder),
                reference,
                model,
                adapter -> Adapters.read(adapter, anyChatTemplate))
            .canary(canary == null ? 0 : canary)
            .shadow(shadow == null ? 0 : shadow);
    follower.update();
    server.model(name().orElseThrow(), new Followed(follower));
    failures.ifPresent(guard -> server.telemetry(request -> count(guard, request)));
    ScheduledExecutorService schedule =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "adapt4j-follow");
              thread.setDaemon(true);
              return thread;
            });
    Future<?> updates =
        schedule.scheduleWithFixedDelay(() -> update(follower, err), 1, 1, TimeUnit.SECONDS);
    return () -> {
      updates.cancel(true);
      schedule.shutdownNow();
      updateGuards();
    };
  }

  private static void count(RollbackGuard guard, ServedRequest request) {
    int status = request.record().status();
    if (status == OK || status >= FAILURE) {
      request.record().version().ifPresent(version -> guard.add(version, status == OK ? 1 : 0));
    }
  }

  /** Looks for promotions, and stores the scores. */
  private void updateGuards() {
    ratings.ifPresent(RollbackGuard::update);
    failures.ifPresent(RollbackGuard::update);
  }

  /** Follows the alias; a failure is told once, and the version in use stays. */
  private void update(AliasFollower follower, PrintWriter err) {
    String before = said;
    try {
      updateGuards();
      said = follower.update().map(version -> "Serving " + version.exact() + ".").orElse("");
    } catch (RuntimeException e) {
      said = FOLLOW + ": " + e.getMessage();
    }
    if (!said.isEmpty() && !said.equals(before)) {
      err.println(said);
      err.flush();
    }
  }

  /** The versions of a follower, as a server takes them. */
  private record Followed(AliasFollower follower) implements VersionedModel {

    @Override
    public Version version(String key) {
      return version(follower.lease(key));
    }

    @Override
    public Optional<Version> shadow() {
      return follower.shadow().map(Followed::version);
    }

    private static Version version(AliasFollower.Lease lease) {
      return new Version(lease.model(), lease.version().exact(), lease::close);
    }
  }
}
