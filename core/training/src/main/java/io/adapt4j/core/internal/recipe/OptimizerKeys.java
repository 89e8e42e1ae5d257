package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The keys {@code optimizer} and {@code learningRateFactors}. */
final class OptimizerKeys {

  private static final String ADAMW = "adamw";
  private static final String ADAMW_8BIT = "adamw8bit";
  private static final String PAGED_ADAMW = "paged_adamw_32bit";
  private static final String PAGED_ADAMW_8BIT = "paged_adamw_8bit";
  private static final String ADAFACTOR = "adafactor";
  private static final String SGD = "sgd";
  private static final String LION = "lion";
  private static final String MUON = "muon";
  private static final String SCHEDULE_FREE = "schedule_free_adamw";
  private static final String GALORE = "galore_adamw";
  private static final String APOLLO = "apollo_adamw";
  static final List<String> NAMES =
      List.of(
          ADAMW,
          ADAMW_8BIT,
          PAGED_ADAMW,
          PAGED_ADAMW_8BIT,
          ADAFACTOR,
          SGD,
          LION,
          MUON,
          SCHEDULE_FREE,
          GALORE,
          APOLLO);

  /** Rank of GaLore and APOLLO if none is given. */
  private static final int RANK = 128;

  private static final Optimizer.AdamW USUAL = (Optimizer.AdamW) Optimizer.adamW();

  private OptimizerKeys() {}

  static Optional<Optimizer> read(Fields fields) {
    Optional<Fields.Named> named = fields.named("optimizer");
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String name = named.get().name();
    if (!NAMES.contains(name)) {
      fields.refuse("optimizer", name, NAMES);
      return Optional.empty();
    }
    Fields options = named.get().options();
    List<Optimizer> made = new ArrayList<>();
    options.attempt("", () -> made.add(optimizer(name, options)));
    options.finish();
    return made.stream().findFirst();
  }

  private static Optimizer optimizer(String name, Fields options) {
    return switch (name) {
      case ADAMW ->
          new Optimizer.AdamW(
              decay(options, "beta1", USUAL.beta1()),
              decay(options, "beta2", USUAL.beta2()),
              positive(options, "eps", USUAL.eps()));
      case ADAMW_8BIT ->
          new Optimizer.AdamW8bit(
              decay(options, "beta1", USUAL.beta1()),
              decay(options, "beta2", USUAL.beta2()),
              positive(options, "eps", USUAL.eps()));
      case PAGED_ADAMW -> new Optimizer.Paged(optimizer(ADAMW, options));
      case PAGED_ADAMW_8BIT -> new Optimizer.Paged(optimizer(ADAMW_8BIT, options));
      case ADAFACTOR -> {
        Optimizer.Adafactor usual = (Optimizer.Adafactor) Optimizer.adafactor();
        yield new Optimizer.Adafactor(
            options.number("decayRate", "below 0", value -> value < 0).orElse(usual.decayRate()),
            positive(options, "eps", usual.eps()),
            positive(options, "clipThreshold", usual.clipThreshold()));
      }
      case SGD ->
          new Optimizer.Sgd(decay(options, "momentum", 0), options.flag("nesterov").orElse(false));
      case MUON -> {
        Optimizer.Muon usual = (Optimizer.Muon) Optimizer.muon();
        yield new Optimizer.Muon(
            decay(options, "momentum", usual.momentum()),
            options.flag("nesterov").orElse(usual.nesterov()),
            options.flag("matchAdamW").orElse(usual.matchAdamW()),
            options.flag("bfloat16").orElse(usual.bfloat16()),
            decay(options, "beta1", usual.beta1()),
            decay(options, "beta2", usual.beta2()),
            positive(options, "eps", usual.eps()));
      }
      case SCHEDULE_FREE -> {
        Optimizer.ScheduleFreeAdamW usual =
            (Optimizer.ScheduleFreeAdamW) Optimizer.scheduleFreeAdamW();
        yield new Optimizer.ScheduleFreeAdamW(
            decay(options, "beta1", usual.beta1()),
            decay(options, "beta2", usual.beta2()),
            positive(options, "eps", usual.eps()),
            notNegative(options, "r", usual.r()),
            notNegative(options, "weightPower", usual.weightPower()));
      }
      case GALORE -> {
        Optimizer.GaLore usual = (Optimizer.GaLore) Optimizer.galore(RANK);
        yield new Optimizer.GaLore(
            options.integer("rank", 1).orElse(usual.rank()),
            options.integer("gap", 1).orElse(usual.gap()),
            positive(options, "scale", usual.scale()),
            decay(options, "beta1", usual.beta1()),
            decay(options, "beta2", usual.beta2()),
            positive(options, "eps", usual.eps()));
      }
      case APOLLO -> {
        Optimizer.Apollo usual = (Optimizer.Apollo) Optimizer.apollo(RANK);
        yield new Optimizer.Apollo(
            options.integer("rank", 1).orElse(usual.rank()),
            options.integer("gap", 1).orElse(usual.gap()),
            positive(options, "scale", usual.scale()),
            options.flag("byChannel").orElse(usual.byChannel()),
            decay(options, "beta1", usual.beta1()),
            decay(options, "beta2", usual.beta2()),
            positive(options, "eps", usual.eps()));
      }
      default -> {
        Optimizer.Lion usual = (Optimizer.Lion) Optimizer.lion();
        yield new Optimizer.Lion(
            decay(options, "beta1", usual.beta1()), decay(options, "beta2", usual.beta2()));
      }
    };
  }

  private static double decay(Fields options, String key, double usual) {
    return options
        .number(key, "of at least 0 and below 1", value -> value >= 0 && value < 1)
        .orElse(usual);
  }

  private static double positive(Fields options, String key, double usual) {
    return options.number(key, "above 0", value -> value > 0).orElse(usual);
  }

  private static double notNegative(Fields options, String key, double usual) {
    return options.number(key, "of at least 0", value -> value >= 0).orElse(usual);
  }

  /** Writes an optimizer; empty if it is user code. */
  static Optional<JsonNode> write(Optimizer optimizer) {
    return optimizer instanceof Optimizer.Custom ? Optional.empty() : Optional.of(named(optimizer));
  }

  private static JsonNode named(Optimizer optimizer) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    if (optimizer instanceof Optimizer.AdamW one) {
      moments(keys.putObject(ADAMW), one.beta1(), one.beta2()).put("eps", one.eps());
    } else if (optimizer instanceof Optimizer.AdamW8bit one) {
      moments(keys.putObject(ADAMW_8BIT), one.beta1(), one.beta2()).put("eps", one.eps());
    } else if (optimizer instanceof Optimizer.Paged one) {
      boolean small = one.optimizer() instanceof Optimizer.AdamW8bit;
      keys.set(
          small ? PAGED_ADAMW_8BIT : PAGED_ADAMW,
          named(one.optimizer()).path(small ? ADAMW_8BIT : ADAMW));
    } else if (optimizer instanceof Optimizer.Adafactor one) {
      keys.putObject(ADAFACTOR)
          .put("decayRate", one.decayRate())
          .put("eps", one.eps())
          .put("clipThreshold", one.clipThreshold());
    } else if (optimizer instanceof Optimizer.Sgd one) {
      keys.putObject(SGD).put("momentum", one.momentum()).put("nesterov", one.nesterov());
    } else if (optimizer instanceof Optimizer.Lion one) {
      moments(keys.putObject(LION), one.beta1(), one.beta2());
    } else if (optimizer instanceof Optimizer.Muon one) {
      moments(keys.putObject(MUON), one.beta1(), one.beta2())
          .put("eps", one.eps())
          .put("momentum", one.momentum())
          .put("nesterov", one.nesterov())
          .put("matchAdamW", one.matchAdamW())
          .put("bfloat16", one.bfloat16());
    } else if (optimizer instanceof Optimizer.ScheduleFreeAdamW one) {
      moments(keys.putObject(SCHEDULE_FREE), one.beta1(), one.beta2())
          .put("eps", one.eps())
          .put("r", one.r())
          .put("weightPower", one.weightPower());
    } else if (optimizer instanceof Optimizer.GaLore one) {
      moments(keys.putObject(GALORE), one.beta1(), one.beta2())
          .put("eps", one.eps())
          .put("rank", one.rank())
          .put("gap", one.gap())
          .put("scale", one.scale());
    } else if (optimizer instanceof Optimizer.Apollo one) {
      moments(keys.putObject(APOLLO), one.beta1(), one.beta2())
          .put("eps", one.eps())
          .put("rank", one.rank())
          .put("gap", one.gap())
          .put("scale", one.scale())
          .put("byChannel", one.byChannel());
    }
    return keys;
  }

  private static ObjectNode moments(ObjectNode options, double beta1, double beta2) {
    return options.put("beta1", beta1).put("beta2", beta2);
  }

  static Optional<List<LearningRateFactor>> readFactors(Fields fields) {
    List<LearningRateFactor> factors = new ArrayList<>();
    for (Fields keys : fields.mappings("learningRateFactors")) {
      Optional<String> names = keys.text("names");
      Optional<Double> factor = keys.number("factor", "of at least 0", value -> value >= 0);
      keys.require("names", "Write a regular expression for the names of the values.");
      keys.require("factor", "Write what multiplies their learning rate.");
      if (names.isPresent() && factor.isPresent()) {
        keys.attempt("names", () -> factors.add(new LearningRateFactor(names.get(), factor.get())));
      }
      keys.finish();
    }
    return factors.isEmpty() ? Optional.empty() : Optional.of(factors);
  }

  /** Writes the user's factors; the method adds its own again on reading. */
  static Optional<JsonNode> writeFactors(FineTuneSettings settings) {
    List<LearningRateFactor> all = settings.training().step().rates();
    List<LearningRateFactor> rates =
        all.subList(0, all.size() - settings.method().rateFactors().size());
    return writeFactors(rates);
  }

  private static Optional<JsonNode> writeFactors(List<LearningRateFactor> rates) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    rates.forEach(rate -> all.addObject().put("names", rate.names()).put("factor", rate.factor()));
    return all.isEmpty() ? Optional.empty() : Optional.of(all);
  }
}
