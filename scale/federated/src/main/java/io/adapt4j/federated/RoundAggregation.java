package io.adapt4j.federated;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.federated.internal.AdapterFiles;
import io.adapt4j.federated.internal.AdapterWriter;
import io.adapt4j.federated.internal.Noise;
import io.adapt4j.federated.internal.StoredAdapter;
import io.adapt4j.federated.internal.UpdateNorm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Aggregates a round: weights of the sites, clipping, noise, and the new adapter. */
record RoundAggregation(FederatedSettings settings, int round) {

  /** Result of the aggregation. */
  record Result(List<SiteReport> sites, Aggregator.Norms norms) {}

  Result write(Path adapter, @Nullable Path folded, List<SiteUpdate> updates, Path output)
      throws IOException {
    List<SiteUpdate> counted =
        updates.stream().filter(update -> update.failure().isEmpty()).toList();
    List<StoredAdapter> open = new ArrayList<>();
    try {
      StoredAdapter common = opened(adapter, open);
      StoredAdapter fold = folded == null ? null : opened(folded, open);
      List<Aggregator.Part> parts = new ArrayList<>();
      List<Double> shares = new ArrayList<>();
      List<Double> norms = new ArrayList<>();
      List<Double> weights = weights(counted);
      for (SiteUpdate update : counted) {
        StoredAdapter start = opened(Objects.requireNonNull(update.start()), open);
        StoredAdapter end = opened(Objects.requireNonNull(update.end()), open);
        parts.add(new Aggregator.Part(start, end, weights.get(parts.size())));
        double norm = UpdateNorm.of(start, end, settings.aggregation()::trains);
        norms.add(norm);
        shares.add(share(norm));
      }
      AdapterWriter writer = new AdapterWriter();
      AdapterWriter foldWriter = new AdapterWriter();
      Aggregator.Norms sums =
          new Aggregator(
                  settings.aggregation(),
                  common,
                  parts,
                  shares,
                  deviation(),
                  Noise.of(noiseSeed(), round),
                  settings.seed() + round)
              .aggregate(fold, writer, foldWriter);
      Path target = output.resolve(RoundFolders.ADAPTER);
      AdapterFiles.read(adapter).writeOthers(target);
      writer.write(target, common.config());
      if (settings.aggregation().changesBase()) {
        foldWriter.write(output.resolve(RoundFolders.FOLD), Aggregator.foldConfig(common.config()));
      }
      return new Result(reports(updates, counted, weights, norms), sums);
    } finally {
      open.forEach(StoredAdapter::close);
    }
  }

  private static StoredAdapter opened(Path folder, List<StoredAdapter> open) {
    StoredAdapter adapter = StoredAdapter.open(folder);
    open.add(adapter);
    return adapter;
  }

  /** Returns weights by target tokens; with noise, equal weights for all that might take part. */
  private List<Double> weights(List<SiteUpdate> counted) {
    if (settings.weighsEqually()) {
      double weight =
          settings.privacy().orElseThrow().isAtSites() ? 1.0 / counted.size() : 1 / expectedSites();
      return Collections.nCopies(counted.size(), weight);
    }
    if (counted.isEmpty()) {
      return List.of();
    }
    List<Long> tokens = counted.stream().map(update -> update.counted().targetTokens()).toList();
    return Arrays.stream(SiteWeights.of(tokens, settings.maxSiteWeight())).boxed().toList();
  }

  private double expectedSites() {
    return settings.participation() * settings.sites().size();
  }

  private double share(double norm) {
    return settings
        .privacy()
        .filter(privacy -> !privacy.isAtSites())
        .map(privacy -> UpdateNorm.factor(norm, privacy.clip()))
        .orElse(1.0);
  }

  private double deviation() {
    return settings
        .privacy()
        .filter(privacy -> !privacy.isAtSites())
        .map(privacy -> privacy.clip() * privacy.noiseMultiplier() / expectedSites())
        .orElse(0.0);
  }

  private Optional<Long> noiseSeed() {
    return settings
        .privacy()
        .filter(privacy -> privacy.seed().isPresent())
        .map(privacy -> privacy.seed().getAsLong());
  }

  private List<SiteReport> reports(
      List<SiteUpdate> updates,
      List<SiteUpdate> counted,
      List<Double> weights,
      List<Double> norms) {
    List<SiteReport> reports = new ArrayList<>();
    for (SiteUpdate update : updates) {
      int index = counted.indexOf(update);
      if (index < 0) {
        reports.add(
            new SiteReport(
                update.site(),
                update.attempts(),
                update.failure(),
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                Duration.ZERO));
        continue;
      }
      SiteResult result = update.counted();
      reports.add(
          new SiteReport(
              update.site(),
              update.attempts(),
              Optional.empty(),
              result.targetTokens(),
              result.steps(),
              result.firstLoss(),
              result.lastLoss(),
              weights.get(index),
              norms.get(index),
              result.bytes(),
              result.elapsed()));
    }
    return reports;
  }

  /** Sets the base model's name in an adapter's configuration. */
  static void nameBase(Path adapter, String base) {
    Path file = adapter.resolve(StoredAdapter.CONFIG);
    try {
      if (!(Json.parseStrictly(Files.readString(file)) instanceof ObjectNode config)) {
        throw new FederatedException(file + ": expected a JSON object, found another value");
      }
      config.put("base_model_name_or_path", base);
      Files.writeString(file, Json.indented(config));
    } catch (JsonProcessingException e) {
      throw new FederatedException(file + ": expected JSON, found " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read or written: " + e, e);
    }
  }
}
