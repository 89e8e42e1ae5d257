package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.method.FineTuningMethod;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRA as data. */
class LoraKindTest {

  private final Problems problems = new Problems();
  private final LoraKind description = new LoraKind();

  private Optional<FineTuningMethod> read(Value value) {
    Fields fields = Fields.of("method.lora", value, problems);
    Optional<FineTuningMethod> method = description.read(fields);
    fields.finish();
    return method;
  }

  private Optional<FineTuningMethod> read(String yaml) {
    return read(Documents.parse("run.yaml", Path.of(""), yaml));
  }

  @Test
  void everyOptionOfLoraHasAKey() {
    Set<String> setters =
        Arrays.stream(Lora.class.getMethods())
            .filter(method -> method.getReturnType() == Lora.class)
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .map(Method::getName)
            .collect(Collectors.toSet());
    // A format of one's own is code; that of 4 bits belongs to a method of its own.
    assertThat(setters.remove("weights")).isTrue();
    // The key "bias" says which of two setters.
    assertThat(setters.remove("trainAdaptedBiases")).isTrue();
    Set<String> mapped =
        LoraOption.ALL.stream().map(LoraOption::setter).collect(Collectors.toSet());
    assertThat(mapped).isEqualTo(setters);
  }

  @Test
  void weightsInAFormatOfOnesOwnCannotBeDescribed() {
    assertThat(description.write(Lora.rank(4))).isPresent();
    assertThat(description.write(Lora.rank(4).weights(() -> "another"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{rank: 16}",
        "{rank: 4, alpha: 3.5, dropout: 0.1, targets: [q_proj, v_proj], bias: lora-only}",
        "{rank: 2, targets: all-linear, modulesToSave: [lm_head, norm], rankStabilized: true}",
        "{rank: 8, targets: {regex: '.*q_proj'}}",
        "{rank: 8, dora: true, plus: 16, init: gaussian, exclude: [down_proj]}",
        "{rank: 8, init: {pissa: {iterations: 16}}, layers: [0, 2], layersPattern: layers}",
        "{rank: 8, init: eva}",
        "{rank: 8, init: {eva: {rho: 1.5, tau: 0.95, useLabelMask: false, whiten: true}}}",
        "{rank: 8, biasOfB: true}",
        "{rank: 8, layerReplication: [[0, 4], [2, 5]], layers: [3]}",
        "{rank: 8, init: pissa, exclude: {regex: '.*down_proj'}, layers: 1}",
        "{rank: 8, ranks: [{modules: q_proj, rank: 2}, {modules: '.*_proj', rank: 4}]}",
        "{rank: 8, alphas: {modules: v_proj, alpha: 2.5}}",
        "{preset: learn-most}",
        "{preset: forget-least, dropout: 0.1}"
      })
  void whatIsWrittenReadsBackAsTheSame(String yaml) {
    FineTuningMethod lora = read(yaml).orElseThrow();
    ObjectNode written = description.write(lora).orElseThrow();
    Value value = Value.of(written, Place.of("record", Path.of("")));
    assertThat(Methods.of(read(value).orElseThrow()).identity())
        .isEqualTo(Methods.of(lora).identity());
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void theDefaultsAreThoseOfLora() {
    assertThat(Methods.of(read("{rank: 16}").orElseThrow()).identity())
        .isEqualTo(Methods.of(Lora.rank(16)).identity());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{alpha: 2} | method.lora.rank: expected a value, found none. Write 'rank: 16'",
        "{rank: 0} | method.lora.rank: expected a whole number of at least 1, found 0.",
        "{rank: 4, alhpa: 2} | method.lora.alhpa: unknown key. Did you mean 'alpha'?",
        "{rank: 4, dropout: 1} | method.lora.dropout: expected a number of at least 0 and below 1",
        "{rank: 4, targets: {regex: '('}} | method.lora.targets.regex: targets: expected a regular",
        "{rank: 4, bias: some} | method.lora.bias: expected one of all, lora-only, none",
        "{rank: 4, init: pisa} | method.lora.init: expected one of eva, gaussian, kaiming, olora",
        "{rank: 4, init: {pissa: {iterations: 99}}} | init.pissa.iterations: iterations: expected 1",
        "{rank: 4, init: {eva: {rho: 0.5}}} | init.eva.rho: expected a number from 1 to 1000, found 0.5",
        "{rank: 4, exclude: all-linear} | method.lora.exclude: exclude: expected names",
        "{rank: 4, layers: [-1]} | method.lora.layers: expected whole numbers of at least 0",
        "{rank: 4, layersPattern: '('} | method.lora.layersPattern: layersPattern: expected",
        "{rank: 4, layerReplication: [[2, 1]]} | lora.layerReplication: expected ranges [start, end)",
        "{rank: 4, layerReplication: [0, 4]} | found [0,4]",
        "{rank: 4, layerReplication: all} | found \"all\"",
        "{rank: 4, layerReplication: []} | 0 <= start < end, found none",
        "{rank: 4, ranks: {modules: q_proj}} | method.lora.ranks[0].rank: expected a value",
        "{rank: 4, ranks: {modules: '(', rank: 2}} | ranks[0].modules: rankOf: expected a regular",
        "{rank: 4, alphas: {alpha: 2}} | alphas[0].modules: expected a value, found none.",
        "{continuing: nowhere} | method.lora.continuing: "
      })
  void whatIsWrongIsSaid(String yaml, String problem) {
    assertThat(read(yaml).isPresent() && problems.all().isEmpty()).isFalse();
    assertThat(problems.all()).singleElement().asString().contains(problem);
  }

  @Test
  void theStudyOfForgettingMeasuredPlainAdaptersAndThePresets() {
    assertThat(measured("{rank: 8, alpha: 8}")).contains("lora");
    assertThat(measured("{preset: learn-most}")).contains("rslora");
    assertThat(measured("{preset: forget-least}")).contains("lora-mlp");
    assertThat(measured("{rank: 8, dora: true}")).contains("dora");
    assertThat(measured("{rank: 8, dora: true, rankStabilized: true}")).isEmpty();
    assertThat(measured("{rank: 8, plus: 16}")).isEmpty();
    assertThat(measured("{rank: 8, targets: [q_proj]}")).isEmpty();
  }

  private Optional<String> measured(String yaml) {
    return Methods.of(read(yaml).orElseThrow()).measuredAs();
  }

  @Test
  void presetsAreThoseOfLora() {
    assertThat(Methods.of(read("{preset: learn-most, alpha: 32}").orElseThrow()).identity())
        .isEqualTo(Methods.of(Lora.learnMost().alpha(32)).identity());
    assertThat(Methods.of(read("{preset: forget-least}").orElseThrow()).identity())
        .isEqualTo(Methods.of(Lora.forgetLeast()).identity());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "bert_features; intermediate.dense output.dense",
        "gpt2_by_layer; mlp.c_fc mlp.c_proj",
        "gpt_neox_linear; mlp.dense_h_to_4h mlp.dense_4h_to_h"
      })
  void whatForgetsLeastAdaptsTheMlpsOnly(String family, String modules) {
    try (Network network = Architectures.declare(ModelConfig.read(LoraCase.family(family)))) {
      assertThat(Methods.of(Lora.forgetLeast()).problems(network, Path.of("base"))).isEmpty();
      assertThat(
              AdapterPlan.of(Lora.forgetLeast().config(), network)
                  .paths()
                  .filter(path -> path.contains(".0."))
                  .map(path -> path.replaceFirst(".*\\.0\\.", "")))
          .containsExactly(modules.split(" ", -1));
    }
  }

  @Test
  void theOptionsSayWhatTheMethodsSay() {
    assertThat(
            Methods.of(
                    read("{rank: 8, dora: true, plus: 16, init: olora, ranks: {modules: q_proj, rank: 2}}")
                        .orElseThrow())
                .identity())
        .isEqualTo(
            Methods.of(Lora.rank(8).dora().plus(16).initialize(LoraInit.OLORA).rankOf("q_proj", 2))
                .identity());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{targets: [k_proj, v_proj, down_proj], feedforward: down_proj}",
        "{modulesToSave: [lm_head]}",
        "{targets: {regex: '.*proj'}, feedforward: {regex: '.*down_proj'}}"
      })
  void ia3ReadsBackAsTheSame(String yaml) {
    Ia3Kind ia3 = new Ia3Kind();
    Fields first = Fields.of("", Documents.parse("run.yaml", Path.of(""), yaml), problems);
    FineTuningMethod method = ia3.read(first).orElseThrow();
    ObjectNode written = ia3.write(method).orElseThrow();
    Fields again = Fields.of("", Value.of(written, Place.of("record", Path.of(""))), problems);
    assertThat(Methods.of(ia3.read(again).orElseThrow()).identity())
        .isEqualTo(Methods.of(method).identity());
    assertThat(written.properties()).hasSize(first.written().size());
    assertThat(ia3.write(Lora.rank(2))).isEmpty();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void ia3NeedsBothKindsOfModulesOrNeither() {
    Fields fields =
        Fields.of(
            "method.ia3",
            Documents.parse("run.yaml", Path.of(""), "{targets: [k_proj]}"),
            problems);
    assertThat(new Ia3Kind().read(fields)).isEmpty();
    assertThat(problems.all()).singleElement().asString().contains("method.ia3.feedforward: ");
  }

  @Test
  void otherMethodsAreLeftToOthers() {
    assertThat(description.write(FullFineTuning.create())).isEmpty();
  }
}
