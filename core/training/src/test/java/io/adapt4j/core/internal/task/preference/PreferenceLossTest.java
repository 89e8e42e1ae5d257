package io.adapt4j.core.internal.task.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.preference.PreferenceLoss;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses against the numbers of TRL, and their derivatives against differences. */
class PreferenceLossTest {

  private static final double LOSS = 1e-4;
  private static final double IPO = 1e-2;

  @ParameterizedTest
  @CsvSource({
    "sigmoid_beta0.1, SIGMOID",
    "sigmoid_beta0.5, SIGMOID",
    "cdpo_ls0.1, SIGMOID",
    "robust_ls0.1, ROBUST",
    "hinge, HINGE",
    "ipo_beta0.1, IPO",
    "nca_pair, NCA",
    "sppo_hard, SPPO",
    "apo_zero, APO_ZERO",
    "apo_down, APO_DOWN"
  })
  void aVariantOfDpoGivesTheLossesOfTrl(String name, Dpo.Form form) throws IOException {
    JsonNode golden = expected().at("/dpo/losses").get(name);
    PairLoss loss =
        PairLoss.of(
            new Dpo(
                golden.get("beta").asDouble(), form, golden.path("label_smoothing").asDouble(0)));
    for (int pair = 0; pair < 4; pair++) {
      PairLoss.Terms terms = loss.terms(ratio("chosen", pair, loss), ratio("rejected", pair, loss));
      assertThat(terms.loss())
          .isCloseTo(
              golden.get("losses").get(pair).asDouble(), within(loss.averages() ? IPO : LOSS));
      assertThat(loss.beta() * ratio("chosen", pair, loss))
          .isCloseTo(golden.get("chosen_rewards").get(pair).asDouble(), within(LOSS));
    }
  }

  /** The log-ratio of a side as the loss takes it. */
  private static double ratio(String side, int pair, PairLoss loss) {
    double ratio =
        (double) floats("policy_" + side + "_logps")[pair] - floats("ref_" + side + "_logps")[pair];
    return loss.averages() ? ratio / longs(side + "_lengths")[pair] : ratio;
  }

  @ParameterizedTest
  @CsvSource({"kto", "kto_weights", "apo_zero_unpaired"})
  void ktoGivesTheLossesOfTrl(String name) throws IOException {
    JsonNode golden = expected().at("/kto/losses").get(name);
    Kto loss =
        new Kto(
            golden.get("beta").asDouble(),
            golden.get("desirable_weight").asDouble(),
            golden.get("undesirable_weight").asDouble(),
            true);
    double divergence = golden.get("kl").asDouble();
    int[] rows = {0, 2, 1, 3};
    for (int i = 0; i < rows.length; i++) {
      boolean desirable = i < 2;
      double ratio =
          ratio(
              desirable ? "chosen" : "rejected",
              rows[i],
              PairLoss.of(PreferenceLoss.dpo(loss.beta())));
      assertThat(loss.term(ratio, divergence, desirable).loss())
          .isCloseTo(golden.get("losses").get(i).asDouble(), within(LOSS));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "orpo_beta0.1",
    "cpo_sigmoid",
    "simpo_beta2_gamma1",
    "simpo_beta2.5_gamma0.5_ls0.1",
    "cpo_simpo"
  })
  void aLossWithoutAReferenceGivesThatOfTrl(String name) throws IOException {
    JsonNode golden = expected().at("/orpo_cpo_simpo/losses").get(name);
    PairLoss loss = withoutReference(name, golden);
    double sum = 0;
    for (int pair = 0; pair < 4; pair++) {
      sum +=
          loss.terms(
                  golden.get("chosen_logps").get(pair).asDouble(),
                  golden.get("rejected_logps").get(pair).asDouble())
              .loss();
    }
    double nll = loss.likelihood() * golden.get("nll_loss").asDouble();
    assertThat(sum / 4 + nll).isCloseTo(golden.get("loss").asDouble(), within(LOSS));
  }

  private static PairLoss withoutReference(String name, JsonNode golden) {
    double beta = golden.get("beta").asDouble();
    if (name.startsWith("orpo")) {
      return PairLoss.of(PreferenceLoss.orpo(beta));
    }
    double alpha = golden.get("cpo_alpha").asDouble();
    double smoothing = golden.get("label_smoothing").asDouble();
    return PairLoss.of(
        golden.get("loss_type").asText().equals("simpo")
            ? new SimPo(beta, golden.get("simpo_gamma").asDouble(), smoothing, alpha)
            : new Cpo(beta, alpha, smoothing));
  }

  @Property(tries = 300)
  void derivativesAreThoseOfTheLoss(
      @ForAll("losses") LossSettings options,
      @ForAll @DoubleRange(min = -4, max = -0.05) double chosen,
      @ForAll @DoubleRange(min = -4, max = -0.05) double rejected) {
    PairLoss loss = PairLoss.of(options);
    double step = 1e-5;
    PairLoss.Terms terms = loss.terms(chosen, rejected);
    double byChosen =
        (loss.terms(chosen + step, rejected).loss() - loss.terms(chosen - step, rejected).loss())
            / (2 * step);
    double byRejected =
        (loss.terms(chosen, rejected + step).loss() - loss.terms(chosen, rejected - step).loss())
            / (2 * step);
    boolean atAKink =
        options instanceof Dpo dpo
            && dpo.form() == Dpo.Form.HINGE
            && Math.abs(1 - dpo.beta() * (chosen - rejected)) < 2 * step * dpo.beta();
    if (!atAKink) {
      assertThat(terms.byChosen()).isCloseTo(byChosen, within(1e-5 * (1 + Math.abs(byChosen))));
      assertThat(terms.byRejected())
          .isCloseTo(byRejected, within(1e-5 * (1 + Math.abs(byRejected))));
    }
  }

  @Property(tries = 100)
  void aDerivativeOfKtoIsThatOfItsLoss(
      @ForAll @DoubleRange(min = -20, max = 20) double ratio,
      @ForAll @DoubleRange(min = 0, max = 5) double divergence,
      @ForAll boolean desirable) {
    Kto loss = new Kto(0.3, 1.5, 0.5, true);
    double step = 1e-5;
    double difference =
        (loss.term(ratio + step, divergence, desirable).loss()
                - loss.term(ratio - step, divergence, desirable).loss())
            / (2 * step);
    assertThat(loss.term(ratio, divergence, desirable).derivative())
        .isCloseTo(difference, within(1e-8));
  }

  @Provide
  Arbitrary<LossSettings> losses() {
    return Arbitraries.of(
        new Dpo(0.5, Dpo.Form.SIGMOID, 0),
        new Dpo(0.5, Dpo.Form.SIGMOID, 0.2),
        new Dpo(0.5, Dpo.Form.ROBUST, 0.2),
        new Dpo(2, Dpo.Form.HINGE, 0),
        new Dpo(0.5, Dpo.Form.IPO, 0),
        new Dpo(0.5, Dpo.Form.NCA, 0),
        new Dpo(0.5, Dpo.Form.SPPO, 0),
        new Dpo(0.5, Dpo.Form.APO_ZERO, 0),
        new Dpo(0.5, Dpo.Form.APO_DOWN, 0),
        new Dpo(0.5, Dpo.Form.AOT_PAIR, 0.2),
        new Orpo(0.7),
        new SimPo(2, 0.5, 0.1, 0),
        new Cpo(0.7, 1, 0));
  }

  @ParameterizedTest
  @CsvSource({"SIGMOID", "ROBUST", "HINGE", "APO_ZERO", "APO_DOWN", "AOT", "AOT_PAIR"})
  void aMarginBeyondAllBoundsHasALossAndNoGradient(Dpo.Form form) {
    PairLoss loss = PairLoss.of(new Dpo(0.1, form, 0));
    for (double huge : new double[] {1e6, Double.MAX_VALUE, Double.POSITIVE_INFINITY}) {
      PairLoss.Terms won = loss.terms(huge, -huge);
      assertThat(won.loss()).isFinite();
      assertThat(won.byChosen()).isZero();
    }
    PairLoss.Terms lost = loss.terms(-1e6, 1e6);
    assertThat(lost.loss()).isFinite();
    assertThat(lost.byRejected()).isFinite();
  }

  @Test
  void scoresThatAreNotNumbersGiveALossThatIsNone() {
    for (Dpo.Form form : Dpo.Form.values()) {
      assertThat(PairLoss.of(new Dpo(0.1, form, 0)).terms(Double.NaN, 0).loss()).isNaN();
    }
    assertThat(PairLoss.of(PreferenceLoss.orpo(0.1)).terms(Double.NaN, -1).loss()).isNaN();
    assertThat(new Kto(0.1, 1, 1, true).term(Double.NaN, 0, true).loss()).isNaN();
  }

  @Test
  void aCertainAnswerHasFiniteOdds() {
    PairLoss.Terms terms = PairLoss.of(PreferenceLoss.orpo(0.1)).terms(0, -2);
    assertThat(terms.loss()).isFinite().isGreaterThanOrEqualTo(0);
    assertThat(terms.byChosen()).isFinite();
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> PreferenceLoss.dpo(0)).hasMessage("beta must be above 0, found 0.0");
    assertThatThrownBy(() -> PreferenceLoss.dpo(0.1, 0.5))
        .hasMessageContaining("below 0.5, found 0.5");
    assertThatThrownBy(() -> PreferenceLoss.kto(0.1, 1, Double.NaN))
        .hasMessageContaining("undesirableWeight must be above 0");
    assertThatThrownBy(() -> PreferenceLoss.orpo(-1)).hasMessageContaining("lambda");
    assertThatThrownBy(() -> PreferenceLoss.simpo(2, -1)).hasMessageContaining("gamma");
    assertThatThrownBy(() -> PreferenceLoss.cpo(0.1, Double.POSITIVE_INFINITY))
        .hasMessageContaining("alpha");
  }

  static JsonNode expected() throws IOException {
    return Json.parse(Files.readString(file("expected.json")));
  }

  static float[] floats(String tensor) {
    try (SafetensorsFile file = SafetensorsFile.open(file("logps.safetensors"))) {
      float[] values = new float[4];
      file.bytes(tensor).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return values;
    }
  }

  private static long[] longs(String tensor) {
    try (SafetensorsFile file = SafetensorsFile.open(file("logps.safetensors"))) {
      long[] values = new long[4];
      file.bytes(tensor).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(values);
      return values;
    }
  }

  private static Path file(String name) {
    try {
      return Path.of(PreferenceLossTest.class.getResource("/golden/preference/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
