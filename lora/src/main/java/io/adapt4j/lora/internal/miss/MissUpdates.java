package io.adapt4j.lora.internal.miss;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionKind;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.util.List;
import java.util.Optional;

/** The kind MiSS (Kang et al. 2024), with PEFT's variants "bat" and "mini". */
public final class MissUpdates implements ProjectionKind {

  public static final ProjectionKind KIND = new MissUpdates();

  public static final String VARIANT = "init_weights";
  public static final String BAT = "bat";
  public static final String MINI = "mini";

  private MissUpdates() {}

  @Override
  public String name() {
    return "MiSS";
  }

  @Override
  public String type() {
    return "MISS";
  }

  @Override
  public String tensor() {
    return "miss_block";
  }

  @Override
  public ObjectNode defaults() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("r", 64)
        .put("miss_dropout", 0.0)
        .put("mini_r", 1)
        .put("bias", "none")
        .put(VARIANT, true);
  }

  @Override
  public Optional<Refusal> refusal(ProjectionConfig config) {
    JsonNode variant = config.options().path(VARIANT);
    if (config.integer("r") < 1) {
      return Optional.of(new Refusal("r", "at least 1", "64 is usual."));
    }
    if (!(config.number("miss_dropout") >= 0 && config.number("miss_dropout") < 1)) {
      return Optional.of(new Refusal("miss_dropout", "a probability in [0, 1)", "0 is usual."));
    }
    if (config.integer("mini_r") < 1) {
      return Optional.of(new Refusal("mini_r", "at least 1", "It divides the outputs."));
    }
    if (!variant.isBoolean() && !List.of(BAT, MINI).contains(variant.asText())) {
      return Optional.of(
          new Refusal(VARIANT, "true, false, bat or mini", "Others are not in PEFT."));
    }
    if (!config.text("bias").equals("none")) {
      return Optional.of(
          new Refusal("bias", "none", "PEFT does not save biases that MiSS trained."));
    }
    return Optional.empty();
  }

  static boolean is(ProjectionConfig config, String variant) {
    return config.text(VARIANT).equals(variant);
  }

  @Override
  public Optional<String> problem(ProjectionConfig config, Site site) {
    int r = config.integer("r");
    if (is(config, BAT) && (site.in() % r != 0 || site.width() % r != 0)) {
      return Optional.of(
          "%s has %s inputs and %s outputs, and MiSS's variant bat needs multiples of its rank %s."
              .formatted(site.path(), site.in(), site.width(), r));
    }
    if (is(config, MINI) && site.width() % config.integer("mini_r") != 0) {
      return Optional.of(
          "%s has %s outputs, and MiSS's variant mini needs a multiple of mini_r %s."
              .formatted(site.path(), site.width(), config.integer("mini_r")));
    }
    return Optional.empty();
  }

  @Override
  public List<Long> shape(ProjectionConfig config, Site site) {
    long r = config.integer("r");
    if (is(config, BAT)) {
      return List.of(site.width() / r, r, r);
    }
    return List.of(r, is(config, MINI) ? config.integer("mini_r") : site.width());
  }

  @Override
  public ProjectionUpdate update(ProjectionConfig config, Site site) {
    return is(config, BAT)
        ? new BatUpdate(site, tensor(), shape(config, site))
        : new MissUpdate(config, site);
  }

  @Override
  public boolean hasProducts(ProjectionConfig config) {
    return !is(config, BAT);
  }
}
