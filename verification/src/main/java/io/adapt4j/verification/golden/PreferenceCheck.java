package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.task.preference.Dpo;
import io.adapt4j.core.internal.task.preference.Kto;
import io.adapt4j.core.internal.task.preference.PairLoss;
import io.adapt4j.core.internal.task.preference.PreferenceBatch;
import io.adapt4j.core.internal.task.preference.PreferencePairs;
import io.adapt4j.core.internal.task.preference.PreferenceSample;
import io.adapt4j.core.internal.task.preference.ReferenceModel;
import io.adapt4j.core.internal.task.preference.SimPo;
import io.adapt4j.core.internal.task.preference.UnpairedAnswers;
import io.adapt4j.core.internal.task.preference.UnpairedBatch;
import io.adapt4j.core.internal.task.preference.UnpairedSample;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.lora.Lora;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Recomputes a folder of preferences: log-probabilities, losses, gradients and a run of DPO. */
final class PreferenceCheck {

  static final Kind KIND =
      new Kind(
          "preferences",
          source ->
              source.json().has("policy")
                  && source.hasAny("dpo", "kto", "orpo_cpo_simpo", "ppo", "reward"),
          (source, section) -> {
            section.attempt("preferences", () -> run(source.path(), section));
            section.attempt("rewards", () -> ReinforcementCheck.run(source.path(), section));
          });

  /** The file that holds the batch. */
  private static final String TENSORS = "logps.safetensors";

  private static final double LOG_PROBS = 1e-3;
  private static final double LOSS = 1e-4;
  private static final double IPO_LOSS = 1e-2;
  private static final double GRADIENT = 1e-4;

  /** Some losses are squares of log-probabilities, in which fp32 rounding shows. */
  private static final double RELATIVE = 1e-6;

  private static final String GRADIENTS = "grad_dpo_sigmoid.";

  /** Names of TRL's losses and the forms of {@link Dpo} that they are. */
  private static final Map<String, Dpo.Form> FORMS =
      Map.of(
          "sigmoid", Dpo.Form.SIGMOID,
          "robust", Dpo.Form.ROBUST,
          "hinge", Dpo.Form.HINGE,
          "ipo", Dpo.Form.IPO,
          "nca_pair", Dpo.Form.NCA,
          "sppo_hard", Dpo.Form.SPPO,
          "apo_zero", Dpo.Form.APO_ZERO,
          "apo_down", Dpo.Form.APO_DOWN,
          "aot", Dpo.Form.AOT,
          "aot_pair", Dpo.Form.AOT_PAIR);

  private final GoldenFolder golden;
  private final Decoder decoder;
  private final Adaptation adaptation;
  private final List<PreferenceSample> pairs;

  private PreferenceCheck(GoldenFolder golden, Decoder decoder, Adaptation adaptation) {
    this.golden = golden;
    this.decoder = decoder;
    this.adaptation = adaptation;
    List<TrainingSample> chosen = samples("chosen");
    List<TrainingSample> rejected = samples("rejected");
    this.pairs =
        IntStream.range(0, chosen.size())
            .mapToObj(i -> new PreferenceSample(chosen.get(i), rejected.get(i)))
            .toList();
  }

  private static void run(Path folder, Report.Section section) throws IOException {
    JsonNode json = GoldenFolder.json(folder, GoldenFolder.JSON);
    String[] policy = json.path("policy").asText().split(" with ", 2);
    if (policy.length != 2 || !json.path("reference").asText().equals(policy[0])) {
      throw new UnsupportedQuantityException(
          "a policy that is no adapter on the reference: " + json.path("policy").asText());
    }
    Path base = Bases.find(folder, policy[0]);
    Networks.requireSupported(base);
    Path adapter = Bases.find(folder, policy[1]);
    try (Decoder decoder = (Decoder) Networks.load(base, DType.F32);
        Adaptation adaptation = Methods.of(Lora.continuing(adapter)).attach(decoder, base, 0);
        GoldenFolder golden = GoldenFolder.open(folder, json, TENSORS, section)) {
      new PreferenceCheck(golden, decoder, adaptation).run();
    }
  }

  private void run() {
    JsonNode json = golden.json();
    Report.Section section = golden.section();
    section.attempt("log-probabilities", this::logProbs);
    section.each("dpo ", json.at("/dpo/losses"), this::dpo);
    section.each("kto ", json.at("/kto/losses"), this::kto);
    section.each("", json.at("/orpo_cpo_simpo/losses"), this::withoutReference);
    section.attempt("gradients", () -> gradients(false));
    section.attempt("gradients (recompute)", () -> gradients(true));
  }

  /** Returns the rows of one side, without masked padding. */
  private List<TrainingSample> samples(String side) {
    String mask = side + ".attention_mask";
    List<int[]> ids = golden.unpadded(side + ".input_ids", mask);
    List<int[]> labels = golden.unpadded(side + ".labels", mask);
    return IntStream.range(0, ids.size())
        .mapToObj(row -> new TrainingSample(ids.get(row), labels.get(row)))
        .toList();
  }

  private PreferenceBatch batch(List<PreferenceSample> chosen) {
    return PreferenceBatch.of(
        chosen, IntStream.range(0, chosen.size()).toArray(), Networks.ones(chosen.size()), 0);
  }

  private ReferenceModel base() {
    return ReferenceModel.withoutAdapter(decoder, adaptation);
  }

  private void logProbs() {
    Batch sides = batch(pairs).sides();
    logProbs("policy", ReferenceModel.of(decoder).logProbs(sides));
    logProbs("ref", base().logProbs(sides));
    Batch mismatched =
        Collator.pad(
            IntStream.range(0, pairs.size()).mapToObj(this::mismatched).toList(),
            0,
            PaddingSide.RIGHT);
    golden.compared(
        "kto_policy_KL_logps", ReferenceModel.of(decoder).logProbs(mismatched), LOG_PROBS);
    golden.compared("kto_ref_KL_logps", base().logProbs(mismatched), LOG_PROBS);
  }

  private void logProbs(String model, float[] found) {
    int size = pairs.size();
    golden.compared(model + "_chosen_logps", Arrays.copyOf(found, size), LOG_PROBS);
    golden.compared(
        model + "_rejected_logps", Arrays.copyOfRange(found, size, 2 * size), LOG_PROBS);
  }

  /** Returns a prompt with the chosen answer to the next one. */
  private TrainingSample mismatched(int row) {
    TrainingSample own = pairs.get(row).chosen();
    TrainingSample other = pairs.get((row + 1) % pairs.size()).chosen();
    int prompt = prompt(own);
    int from = prompt(other);
    int[] ids = Arrays.copyOf(own.ids(), prompt + other.length() - from);
    int[] labels = new int[ids.length];
    Arrays.fill(labels, 0, prompt, TrainingSample.IGNORED);
    System.arraycopy(other.ids(), from, ids, prompt, other.length() - from);
    System.arraycopy(other.labels(), from, labels, prompt, other.length() - from);
    return new TrainingSample(ids, labels);
  }

  private static int prompt(TrainingSample sample) {
    return (int)
        IntStream.of(sample.labels()).takeWhile(label -> label == TrainingSample.IGNORED).count();
  }

  private void dpo(String name, JsonNode wanted) {
    String type = wanted.path("loss_type").asText();
    if (!FORMS.containsKey(type)) {
      throw new UnsupportedQuantityException("loss_type " + type);
    }
    PairLoss loss =
        PairLoss.of(
            new Dpo(
                wanted.path("beta").asDouble(),
                FORMS.get(type),
                wanted.path("label_smoothing").asDouble(0)));
    boolean free = name.startsWith("reference_free");
    PreferencePairs task = pairs(loss, free ? ReferenceModel.none() : base());
    double tolerance = loss.averages() ? IPO_LOSS : LOSS;
    boolean ranked = loss.pairing() != PairLoss.Pairing.PAIRS;
    Deviation losses = ranked ? ofRanks(loss, wanted) : Deviation.NONE;
    Deviation rewards = Deviation.NONE;
    for (int i = 0; i < pairs.size(); i++) {
      Evaluation<PreferenceBatch> evaluation = task.evaluation();
      double alone = evaluation.add(batch(pairs.subList(i, i + 1)));
      losses = ranked ? losses : losses.or(of(alone, wanted, "losses", i, tolerance));
      Map<String, Double> found = evaluation.metrics();
      if (!free) {
        rewards =
            rewards
                .or(of(found.get("reward_chosen"), wanted, "chosen_rewards", i, LOSS))
                .or(of(found.get("reward_rejected"), wanted, "rejected_rewards", i, LOSS));
      }
    }
    golden.compared("dpo " + name + " losses", losses);
    golden.compared(
        "dpo " + name + " mean",
        Deviation.of(
            task.evaluate(batch(pairs)) / pairs.size(), wanted.path("mean"), tolerance, RELATIVE));
    if (!free) {
      golden.compared("dpo " + name + " rewards", rewards);
    }
  }

  /** Compares a loss on the ranks of a batch's scores. */
  private Deviation ofRanks(PairLoss loss, JsonNode wanted) {
    float[] policy = ReferenceModel.of(decoder).logProbs(batch(pairs).sides());
    float[] reference = base().logProbs(batch(pairs).sides());
    int size = pairs.size();
    boolean differences = loss.pairing() == PairLoss.Pairing.RANKS_OF_DIFFERENCES;
    double[] left = new double[size];
    double[] right = new double[size];
    for (int i = 0; i < size; i++) {
      left[i] = (double) policy[i] - (differences ? policy[size + i] : reference[i]);
      right[i] = (differences ? reference[i] : (double) policy[size + i]) - reference[size + i];
    }
    Arrays.sort(left);
    Arrays.sort(right);
    return Deviation.worst(
        size, i -> of(loss.terms(left[i], right[i]).loss(), wanted, "losses", i, LOSS));
  }

  private PreferencePairs pairs(PairLoss loss, ReferenceModel reference) {
    return new PreferencePairs(decoder, loss, reference, BestModelMetric.BY_LOSS);
  }

  private static Deviation of(
      double found, JsonNode wanted, String field, int index, double tolerance) {
    return Deviation.of(found, wanted.path(field).path(index), tolerance, RELATIVE);
  }

  private void kto(String name, JsonNode wanted) {
    Kto loss =
        new Kto(
            wanted.path("beta").asDouble(),
            wanted.path("desirable_weight").asDouble(),
            wanted.path("undesirable_weight").asDouble(),
            !name.equals("apo_zero_unpaired"));
    UnpairedAnswers task = new UnpairedAnswers(decoder, loss, base(), BestModelMetric.BY_LOSS);
    Evaluation<UnpairedBatch> evaluation = task.evaluation();
    double mean = evaluation.add(unpaired()) / pairs.size();
    Map<String, Double> found = evaluation.metrics();
    golden.compared("kto " + name + " mean", Deviation.of(mean, wanted.path("mean"), LOSS));
    golden.compared(
        "kto " + name + " kl", Deviation.of(found.get("kl"), wanted.path("kl"), LOG_PROBS));
    golden.compared(
        "kto " + name + " rewards",
        Deviation.of(found.get("reward_chosen"), mean(wanted.path("chosen_rewards")), LOSS)
            .or(
                Deviation.of(
                    found.get("reward_rejected"), mean(wanted.path("rejected_rewards")), LOSS)));
  }

  private static double mean(JsonNode values) {
    double sum = 0;
    for (JsonNode value : values) {
      sum += value.asDouble();
    }
    return sum / values.size();
  }

  /** Returns chosen answers for desirable rows, rejected ones for undesirable rows. */
  private UnpairedBatch unpaired() {
    List<UnpairedSample> samples = new ArrayList<>();
    int at = 0;
    for (JsonNode row : golden.json().at("/kto/desirable_rows")) {
      samples.add(new UnpairedSample(pairs.get(row.asInt()).chosen(), mismatched(at++), true));
    }
    for (JsonNode row : golden.json().at("/kto/undesirable_rows")) {
      samples.add(new UnpairedSample(pairs.get(row.asInt()).rejected(), mismatched(at++), false));
    }
    if (at != pairs.size()) {
      throw new UnsupportedQuantityException("answers that are not as many as prompts");
    }
    return UnpairedBatch.of(samples, IntStream.range(0, at).toArray(), Networks.ones(at), 0);
  }

  private void withoutReference(String name, JsonNode wanted) {
    Evaluation<PreferenceBatch> evaluation =
        pairs(loss(name, wanted), ReferenceModel.none()).evaluation();
    double loss = evaluation.add(batch(pairs)) / pairs.size();
    Map<String, Double> found = evaluation.metrics();
    golden.compared(name + " loss", Deviation.of(loss, wanted.path("loss"), LOSS));
    JsonNode metrics = wanted.path("metrics");
    Deviation worst =
        metric(found, "reward_chosen", metrics.path("rewards/chosen"))
            .or(metric(found, "reward_rejected", metrics.path("rewards/rejected")))
            .or(metric(found, "margin", metrics.path("rewards/margins")))
            .or(metric(found, "accuracy", metrics.path("rewards/accuracies")))
            .or(metric(found, "logp_chosen", metrics.path("logps/chosen")))
            .or(metric(found, "logp_rejected", metrics.path("logps/rejected")));
    if (found.containsKey("nll")) {
      worst = worst.or(metric(found, "nll", metrics.path("nll_loss")));
    }
    golden.compared(name + " metrics", worst);
  }

  private static Deviation metric(Map<String, Double> found, String name, JsonNode wanted) {
    return Deviation.of(found.get(name), wanted, LOG_PROBS);
  }

  private static PairLoss loss(String name, JsonNode wanted) {
    double beta = wanted.path("beta").asDouble();
    if (name.startsWith("orpo")) {
      return PairLoss.of(PreferenceLoss.orpo(beta));
    }
    double smoothing = wanted.path("label_smoothing").asDouble(0);
    double alpha = wanted.path("cpo_alpha").asDouble(0);
    if (wanted.path("alpha").asDouble(0) != 0) {
      throw new UnsupportedQuantityException("AlphaPO");
    }
    return switch (wanted.path("loss_type").asText()) {
      case "sigmoid" -> PairLoss.of(PreferenceLoss.cpo(beta, alpha, smoothing));
      case "simpo" ->
          PairLoss.of(new SimPo(beta, wanted.path("simpo_gamma").asDouble(), smoothing, alpha));
      default ->
          throw new UnsupportedQuantityException("loss_type " + wanted.path("loss_type").asText());
    };
  }

  private void gradients(boolean recompute) {
    String suffix = recompute ? " (recompute)" : "";
    JsonNode first = golden.json().at("/dpo/losses/sigmoid_beta0.1");
    pairs(PairLoss.of(PreferenceLoss.dpo(first.path("beta").asDouble(0.1))), base())
        .forwardBackward(batch(pairs), 1.0 / pairs.size(), recompute, 0);
    Map<String, float[]> found = Networks.gradients(decoder, adaptation.trained());
    Gradients.compare(golden, GRADIENTS, found, "%s" + suffix, GRADIENT, 0);
    TensorLists.zero(adaptation.trained().stream().map(Parameter.Trainable::gradient).toList());
  }
}
