package io.adapt4j.lora.internal.oft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionKind;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.util.List;
import java.util.Optional;

/** The kind OFT (Qiu et al. 2023), as PEFT rotates the inputs. */
public final class OftUpdates implements ProjectionKind {

  public static final ProjectionKind KIND = new OftUpdates();

  private OftUpdates() {}

  @Override
  public String name() {
    return "OFT";
  }

  @Override
  public String type() {
    return "OFT";
  }

  @Override
  public String tensor() {
    return "oft_R.weight";
  }

  @Override
  public ObjectNode defaults() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("r", 0)
        .put("oft_block_size", 32)
        .put("module_dropout", 0.0)
        .put("init_weights", true)
        .put("coft", false)
        .put("eps", 6e-5)
        .put("block_share", false)
        .put("use_cayley_neumann", true)
        .put("num_cayley_neumann_terms", 5)
        .put("bias", "none")
        .put("fan_in_fan_out", false);
  }

  @Override
  public Optional<Refusal> refusal(ProjectionConfig config) {
    if (config.integer("r") < 0 || config.integer("oft_block_size") < 0) {
      return Optional.of(
          new Refusal(
              config.integer("r") < 0 ? "r" : "oft_block_size", "0 or more", "Correct the field."));
    }
    if ((config.integer("r") == 0) == (config.integer("oft_block_size") == 0)) {
      return Optional.of(
          new Refusal(
              "r",
              "0 beside a block size, or a number of blocks beside oft_block_size 0",
              "Give one of the two."));
    }
    if (config.integer("num_cayley_neumann_terms") < 1) {
      return Optional.of(new Refusal("num_cayley_neumann_terms", "at least 1", "5 is usual."));
    }
    if (!(config.number("eps") > 0)) {
      return Optional.of(new Refusal("eps", "a positive number", "6e-5 is usual."));
    }
    if (!config.text("bias").equals("none")) {
      return Optional.of(
          new Refusal("bias", "none", "PEFT does not save biases that OFT trained."));
    }
    JsonNode version = config.source().path("peft_version");
    if (!config.source().isEmpty() && config.flag("use_cayley_neumann") && !version.isTextual()) {
      return Optional.of(
          new Refusal(
              "peft_version",
              "the version that wrote the adapter",
              "Up to 0.17, which wrote none, the series of use_cayley_neumann had another last"
                  + " term: the file means another model there. Merge it with that version."));
    }
    return Optional.empty();
  }

  @Override
  public Optional<String> problem(ProjectionConfig config, Site site) {
    return block(config, site) > 1
        ? Optional.empty()
        : Optional.of(
            "%s has %s inputs, which OFT would divide into blocks of one, that do not rotate."
                .formatted(site.path(), site.in()));
  }

  @Override
  public boolean adaptsTransposed() {
    return true;
  }

  /** Returns the size of the blocks; like PEFT, the divisor of the inputs that is nearest. */
  static long block(ProjectionConfig config, Site site) {
    return config.integer("r") == 0
        ? divisor(site.in(), config.integer("oft_block_size"))
        : site.in() / divisor(site.in(), config.integer("r"));
  }

  private static long divisor(long whole, long wanted) {
    if (wanted >= whole) {
      return whole;
    }
    long higher = wanted;
    while (whole % higher != 0) {
      higher++;
    }
    long lower = wanted;
    while (whole % lower != 0) {
      lower--;
    }
    return wanted - lower <= higher - wanted ? lower : higher;
  }

  @Override
  public List<Long> shape(ProjectionConfig config, Site site) {
    long block = block(config, site);
    return List.of(config.flag("block_share") ? 1 : site.in() / block, block * (block - 1) / 2);
  }

  @Override
  public ProjectionUpdate update(ProjectionConfig config, Site site) {
    return new OftUpdate(config, site);
  }
}
