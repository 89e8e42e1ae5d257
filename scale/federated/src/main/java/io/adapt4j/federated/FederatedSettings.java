package io.adapt4j.federated;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.internal.StoredMethod;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Validated settings of a federated fine-tuning. */
record FederatedSettings(
    ModelSource base,
    StoredMethod method,
    List<Site> sites,
    int rounds,
    LocalTraining training,
    Aggregation aggregation,
    int localSteps,
    Optional<Privacy> privacy,
    double participation,
    double maxSiteWeight,
    int siteAttempts,
    int minSites,
    long seed,
    Path output,
    boolean resume,
    boolean overwrite,
    List<FederatedListener> listeners) {

  /** Returns the identity of a run: runs with different ones cannot resume from each other. */
  String identity() {
    return "%s%s of %s over %s; sites %s; participation %s; site weight %s; privacy %s; seed %s"
        .formatted(
            aggregation,
            localSteps == 0 ? "" : " every " + localSteps + " steps",
            method.name() + method.json(),
            base,
            sites.stream()
                .map(
                    site ->
                        site.name() + (site.rank().isPresent() ? ":" + site.rank().getAsInt() : ""))
                .collect(Collectors.joining(",")),
            participation,
            maxSiteWeight,
            privacy.map(Privacy::toString).orElse("none"),
            seed);
  }

  SiteJob.Common common(String run) {
    return new SiteJob.Common(
        run,
        base.repository().orElseGet(() -> base.folder().toAbsolutePath().toString()),
        base.repository().isPresent() ? base.revision().orElseThrow() : null,
        method,
        aggregation,
        privacy
            .filter(Privacy::isAtSites)
            .map(
                noise ->
                    new SiteJob.NoiseAtSite(
                        noise.clip(),
                        noise.noiseMultiplier(),
                        noise.seed().isPresent() ? noise.seed().getAsLong() : null))
            .orElse(null),
        rounds,
        localSteps,
        seed);
  }

  /**
   * Returns whether sites have equal weights, as noise on the sum needs weights that do not depend
   * on the data.
   */
  boolean weighsEqually() {
    return privacy.filter(Privacy::hasNoise).isPresent();
  }
}
