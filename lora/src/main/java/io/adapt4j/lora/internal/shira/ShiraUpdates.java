package io.adapt4j.lora.internal.shira;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionKind;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The kind SHiRA (Bhardwaj et al. 2024) with PEFT's random mask. */
public final class ShiraUpdates implements ProjectionKind {

  public static final ProjectionKind KIND = new ShiraUpdates();

  static final String INDICES = "shira_indices";

  private ShiraUpdates() {}

  @Override
  public String name() {
    return "SHiRA";
  }

  @Override
  public String type() {
    return "SHIRA";
  }

  @Override
  public String tensor() {
    return "shira_weight";
  }

  @Override
  public ObjectNode defaults() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("r", 32)
        .put("mask_type", "random")
        .put("init_weights", true)
        .put("fan_in_fan_out", false)
        .putNull("random_seed");
  }

  @Override
  public Optional<Refusal> refusal(ProjectionConfig config) {
    if (config.integer("r") < 1) {
      return Optional.of(new Refusal("r", "at least 1", "32 is usual."));
    }
    return Optional.empty();
  }

  @Override
  public Optional<String> problem(ProjectionConfig config, Site site) {
    long values = count(config, site);
    return values <= site.width() * site.in()
        ? Optional.empty()
        : Optional.of(
            "%s has %s weights, fewer than the %s that SHiRA of rank %s changes; lower the rank."
                .formatted(site.path(), site.width() * site.in(), values, config.integer("r")));
  }

  private static long count(ProjectionConfig config, Site site) {
    return config.integer("r") * (site.in() + site.width());
  }

  @Override
  public List<Long> shape(ProjectionConfig config, Site site) {
    return List.of(count(config, site));
  }

  @Override
  public Map<String, List<Long>> others(ProjectionConfig config, Site site) {
    return Map.of(INDICES, List.of(2L, count(config, site)));
  }

  @Override
  public ProjectionUpdate update(ProjectionConfig config, Site site) {
    return new ShiraUpdate(config, site);
  }
}
