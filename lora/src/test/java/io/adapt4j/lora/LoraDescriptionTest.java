package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.describe.Documents;
import io.adapt4j.core.describe.Fields;
import io.adapt4j.core.describe.Place;
import io.adapt4j.core.describe.Problems;
import io.adapt4j.core.describe.Value;
import io.adapt4j.core.train.FineTuningMethod;
import io.adapt4j.core.train.FullFineTuning;
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
class LoraDescriptionTest {

  private final Problems problems = new Problems();
  private final LoraDescription description = new LoraDescription();

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
  void everyOptionOfLoraHasAKeyOrAReasonToHaveNone() {
    Set<String> setters =
        Arrays.stream(Lora.class.getMethods())
            .filter(method -> method.getReturnType() == Lora.class)
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .map(Method::getName)
            .collect(Collectors.toSet());
    Set<String> mapped =
        LoraDescription.OPTIONS.stream()
            .map(LoraDescription.Option::setter)
            .collect(Collectors.toSet());
    mapped.addAll(LoraDescription.WITHOUT_KEY.keySet());
    assertThat(mapped).isEqualTo(setters);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{rank: 16}",
        "{rank: 4, alpha: 3.5, dropout: 0.1, targets: [q_proj, v_proj], bias: lora-only}",
        "{rank: 2, targets: all-linear, modulesToSave: [lm_head, norm], rankStabilised: true}",
        "{rank: 8, targets: {regex: '.*q_proj'}}"
      })
  void whatIsWrittenReadsBackAsTheSame(String yaml) {
    FineTuningMethod lora = read(yaml).orElseThrow();
    ObjectNode written = description.write(lora).orElseThrow();
    Value value = Value.of(written, Place.of("record", Path.of("")));
    assertThat(read(value).orElseThrow().identity()).isEqualTo(lora.identity());
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void theDefaultsAreThoseOfLora() {
    assertThat(read("{rank: 16}").orElseThrow().identity()).isEqualTo(Lora.rank(16).identity());
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
        "{continuing: nowhere} | method.lora.continuing: "
      })
  void whatIsWrongIsSaid(String yaml, String problem) {
    assertThat(read(yaml).isPresent() && problems.all().isEmpty()).isFalse();
    assertThat(problems.all()).singleElement().asString().contains(problem);
  }

  @Test
  void otherMethodsAreLeftToOthers() {
    assertThat(description.write(FullFineTuning.create())).isEmpty();
  }
}
