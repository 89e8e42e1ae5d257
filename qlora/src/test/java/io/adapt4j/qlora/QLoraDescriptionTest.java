package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** QLoRA as data. */
class QLoraDescriptionTest {

  private final Problems problems = new Problems();
  private final QLoraDescription description = new QLoraDescription();

  private Optional<FineTuningMethod> read(Value value) {
    Fields fields = Fields.of("method.qlora", value, problems);
    Optional<FineTuningMethod> method = description.read(fields);
    fields.finish();
    return method;
  }

  private Optional<FineTuningMethod> read(String yaml) {
    return read(Documents.parse("run.yaml", Path.of(""), yaml));
  }

  @Test
  void isFoundByItsName() {
    assertThat(ServiceLoader.load(MethodProvider.class))
        .extracting(MethodProvider::name)
        .contains("lora", "qlora");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{rank: 16}",
        "{rank: 16, type: fp4, blockSize: 128, doubleQuant: false}",
        "{rank: 8, alpha: 4, dropout: 0.1, targets: [q_proj, v_proj], skip: [down_proj, o_proj]}",
        "{rank: 8, plus: 16, ranks: [{modules: q_proj, rank: 2}], modulesToSave: lm_head}"
      })
  void whatIsWrittenReadsBackAsTheSame(String yaml) {
    FineTuningMethod method = read(yaml).orElseThrow();
    ObjectNode written = description.write(method).orElseThrow();
    Value value = Value.of(written, Place.of("record", Path.of("")));
    assertThat(Methods.of(read(value).orElseThrow()).identity())
        .isEqualTo(Methods.of(method).identity());
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void theOptionsSayWhatTheMethodsSay() {
    assertThat(Methods.of(read("{rank: 16}").orElseThrow()).identity())
        .isEqualTo(Methods.of(QLora.nf4()).identity());
    assertThat(
            Methods.of(
                    read("{rank: 4, alpha: 2, targets: [q_proj], type: fp4, blockSize: 256, plus: 4}")
                        .orElseThrow())
                .identity())
        .isEqualTo(
            Methods.of(
                    QLora.fp4()
                        .alpha(2)
                        .targets(Targets.names("q_proj"))
                        .lora(lora -> lora.plus(4))
                        .blockSize(256)
                        .rank(4))
                .identity());
  }

  @Test
  void eightBitsHaveDefaultsOfTheirOwn() {
    QLora method = QLora.of(Quantization.int8().skip("down_proj"), Lora.rank(4));
    Value written = Value.of(description.write(method).orElseThrow(), Place.of("r", Path.of("")));
    assertThat(Methods.of(read(written).orElseThrow()).identity())
        .isEqualTo(Methods.of(method).identity())
        .contains("over 8 bits in blocks of 32 but for [down_proj]");
    assertThat(
            Methods.of(read("{rank: 4, type: int8, skip: [down_proj]}").orElseThrow()).identity())
        .isEqualTo(Methods.of(method).identity());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{alpha: 2} | method.qlora.rank: expected a value, found none. Write 'rank: 16'",
        "{rank: 4, type: nf5} | method.qlora.type: expected one of fp4, int8, nf4, found 'nf5'",
        "{rank: 4, type: int8, blockSize: 64} | int8: expected blockSize 32 and no double",
        "{rank: 4, blockSize: 63} | blockSize: expected a power of two from 64 to 4096, found 63",
        "{rank: 4, doubleQaunt: true} | doubleQaunt: unknown key. Did you mean 'doubleQuant'?",
        "{rank: 4, doubleQuant: 1} | method.qlora.doubleQuant: expected true or false"
      })
  void whatIsWrongIsSaid(String yaml, String problem) {
    assertThat(read(yaml).isPresent() && problems.all().isEmpty()).isFalse();
    assertThat(problems.all()).singleElement().asString().contains(problem);
  }

  @Test
  void methodsWithOtherQuantizationsAreOthers() {
    assertThat(Methods.of(QLora.nf4()).identity())
        .isNotEqualTo(Methods.of(QLora.fp4()).identity())
        .isNotEqualTo(Methods.of(QLora.nf4().blockSize(128)).identity())
        .isNotEqualTo(Methods.of(QLora.nf4().doubleQuant(false)).identity())
        .isNotEqualTo(Methods.of(QLora.nf4().skip("o_proj")).identity())
        .isNotEqualTo(Methods.of(Lora.rank(QLora.DEFAULT_RANK)).identity());
  }

  @Test
  void aRankGivenWithTheAdapterStays() {
    QLora method = QLora.of(Quantization.nf4(), Lora.rank(4));
    assertThat(method.description()).contains("r=4");
    assertThatIllegalStateException()
        .isThrownBy(() -> method.rank(8))
        .withMessageContaining("rank: the adapter given to of(...) has its rank already");
    assertThat(QLora.nf4().rank(8).description())
        .isEqualTo(
            "QLoRA r=8 alpha=16 scale=alpha/r targets=all-linear over "
                + QLora.nf4().weights().description());
  }

  @Test
  void otherMethodsAreLeftToOthers() {
    assertThat(description.write(Lora.rank(2))).isEmpty();
  }
}
