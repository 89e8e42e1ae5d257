package io.adapt4j.core.internal.task.preference;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Preference tasks under the key {@code task}, named by their losses. */
final class PreferenceKeys {

  private static final String DPO = "dpo";
  private static final String KTO = "kto";
  private static final String ORPO = "orpo";
  private static final String SIMPO = "simpo";
  private static final String CPO = "cpo";

  static final List<String> NAMES = List.of(DPO, KTO, ORPO, SIMPO, CPO);

  private static final String BETA = "beta";
  private static final String LAMBDA = "lambda";
  private static final String GAMMA = "gamma";
  private static final String ALPHA = "alpha";
  private static final String FORM = "form";
  private static final String SMOOTHING = "labelSmoothing";
  private static final String DESIRABLE = "desirableWeight";
  private static final String UNDESIRABLE = "undesirableWeight";
  private static final String DIVERGENCE = "divergence";
  private static final String REFERENCE = "reference";
  private static final String BASE = "base";
  private static final String PRECOMPUTED = "precomputed";
  private static final String MODEL = "model";
  private static final String NONE = "none";
  private static final String PATH = "path";

  private static final double USUAL = 0.1;
  private static final double SIMPO_BETA = 2;
  private static final double SIMPO_GAMMA = 1;

  private PreferenceKeys() {}

  static Optional<Task> read(String name, Fields options) {
    List<PreferenceLoss> loss = new ArrayList<>();
    options.attempt("", () -> loss.add(loss(name, options)));
    Optional<Reference> reference =
        name.equals(DPO) || name.equals(KTO) ? reference(options) : Optional.of(Reference.base());
    return loss.isEmpty() || reference.isEmpty()
        ? Optional.empty()
        : Optional.of(new PreferenceTask(loss.get(0), reference.get()));
  }

  private static PreferenceLoss loss(String name, Fields options) {
    return switch (name) {
      case DPO ->
          dpo(
              positive(options, BETA, USUAL),
              options.choice(FORM, Dpo.Form.class).orElse(Dpo.Form.SIGMOID),
              smoothing(options));
      case KTO ->
          kto(
              positive(options, BETA, USUAL),
              positive(options, DESIRABLE, 1),
              positive(options, UNDESIRABLE, 1),
              options.flag(DIVERGENCE).orElse(true));
      case ORPO -> PreferenceLoss.orpo(positive(options, LAMBDA, USUAL));
      case SIMPO ->
          PreferenceLoss.simpo(
              positive(options, BETA, SIMPO_BETA),
              notNegative(options, GAMMA, SIMPO_GAMMA),
              smoothing(options),
              notNegative(options, ALPHA, 0));
      default ->
          PreferenceLoss.cpo(
              positive(options, BETA, USUAL), notNegative(options, ALPHA, 1), smoothing(options));
    };
  }

  private static PreferenceLoss dpo(double beta, Dpo.Form form, double smoothing) {
    PreferenceLoss loss =
        switch (form) {
          case SIGMOID -> PreferenceLoss.dpo(beta, smoothing);
          case ROBUST -> PreferenceLoss.robustDpo(beta, smoothing);
          case HINGE -> PreferenceLoss.hinge(beta);
          case IPO -> PreferenceLoss.ipo(beta);
          case NCA -> PreferenceLoss.nca(beta);
          case SPPO -> PreferenceLoss.sppo(beta);
          case APO_ZERO -> PreferenceLoss.apoZero(beta);
          case APO_DOWN -> PreferenceLoss.apoDown(beta);
          case AOT -> PreferenceLoss.aot(beta, smoothing);
          case AOT_PAIR -> PreferenceLoss.aotPair(beta, smoothing);
        };
    if (loss.option(SMOOTHING) != smoothing) {
      throw new IllegalArgumentException(
          "labelSmoothing is for the forms SIGMOID, ROBUST, AOT and AOT_PAIR, found "
              + smoothing
              + " with "
              + form);
    }
    return loss;
  }

  private static PreferenceLoss kto(
      double beta, double desirable, double undesirable, boolean estimatesDivergence) {
    return estimatesDivergence
        ? PreferenceLoss.kto(beta, desirable, undesirable)
        : PreferenceLoss.apoZeroUnpaired(beta, desirable, undesirable);
  }

  private static double positive(Fields options, String key, double usual) {
    return options.number(key, "above 0", value -> value > 0).orElse(usual);
  }

  private static double notNegative(Fields options, String key, double usual) {
    return options.number(key, "of at least 0", value -> value >= 0).orElse(usual);
  }

  private static double smoothing(Fields options) {
    return options
        .number(SMOOTHING, "from 0 and below 0.5", value -> value >= 0 && value < 0.5)
        .orElse(0.0);
  }

  /** Reads the reference; empty after reporting an error. */
  private static Optional<Reference> reference(Fields options) {
    Optional<Fields.Named> named = options.named(REFERENCE);
    if (named.isEmpty()) {
      return Optional.of(Reference.base());
    }
    Fields below = named.get().options();
    Optional<Reference> found =
        switch (named.get().name()) {
          case BASE -> Optional.of(Reference.base());
          case PRECOMPUTED -> Optional.of(Reference.precomputed());
          case NONE -> Optional.of(Reference.none());
          case MODEL -> {
            below.require(PATH, "Name the reference model's folder.");
            yield below.file(PATH).map(Reference::model);
          }
          default -> {
            options.refuse(REFERENCE, named.get().name(), List.of(BASE, PRECOMPUTED, MODEL, NONE));
            yield Optional.empty();
          }
        };
    below.finish();
    return found;
  }

  static ObjectNode write(PreferenceTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    LossSettings loss = LossSettings.of(task.loss());
    if (loss instanceof Dpo dpo) {
      ObjectNode options = keys.putObject(DPO).put(BETA, dpo.beta());
      options.put(FORM, Fields.written(dpo.form())).put(SMOOTHING, dpo.labelSmoothing());
      write(options, task.reference());
    } else if (loss instanceof Kto kto) {
      ObjectNode options = keys.putObject(KTO).put(BETA, kto.beta());
      options.put(DESIRABLE, kto.desirableWeight()).put(UNDESIRABLE, kto.undesirableWeight());
      options.put(DIVERGENCE, kto.estimatesDivergence());
      write(options, task.reference());
    } else if (loss instanceof Orpo orpo) {
      keys.putObject(ORPO).put(LAMBDA, orpo.lambda());
    } else if (loss instanceof SimPo simpo) {
      ObjectNode options = keys.putObject(SIMPO).put(BETA, simpo.beta());
      options.put(GAMMA, simpo.gamma()).put(SMOOTHING, simpo.labelSmoothing());
      options.put(ALPHA, simpo.alpha());
    } else if (loss instanceof Cpo cpo) {
      ObjectNode options = keys.putObject(CPO).put(BETA, cpo.beta());
      options.put(ALPHA, cpo.alpha()).put(SMOOTHING, cpo.labelSmoothing());
    }
    return keys;
  }

  private static void write(ObjectNode options, Reference reference) {
    if (reference instanceof Reference.Model model) {
      Path folder = model.folder().toAbsolutePath().normalize();
      options.putObject(REFERENCE).putObject(MODEL).put(PATH, folder.toString());
    } else {
      options.put(
          REFERENCE,
          reference instanceof Reference.Precomputed
              ? PRECOMPUTED
              : reference instanceof Reference.None ? NONE : BASE);
    }
  }
}
