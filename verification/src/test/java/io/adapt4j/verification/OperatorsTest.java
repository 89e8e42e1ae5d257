package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaField;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.OperatorLibrary;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The operators that the modules declare, beside the scripts that define them. */
class OperatorsTest {

  /** A call of another function of the same library. */
  private static final Pattern CALL = Pattern.compile("self\\.(\\w+)\\(");

  /** An operator that makes a tensor from nothing, up to the end of its arguments on the line. */
  private static final Pattern FACTORY =
      Pattern.compile("torch\\.(empty|zeros|ones|full|arange|rand|randn|eye|linspace|tensor)\\(");

  private static final List<Operator> declared =
      ImportedClasses.all().stream()
          .flatMap(type -> type.getFields().stream())
          .filter(field -> field.getRawType().isEquivalentTo(Operator.class))
          .map(OperatorsTest::constant)
          .toList();

  private static Operator constant(JavaField found) {
    try {
      Field field = found.reflect();
      field.setAccessible(true);
      return (Operator) field.get(null);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Set<OperatorLibrary> libraries() {
    return declared.stream().map(Operator::library).collect(Collectors.toSet());
  }

  @Test
  void coreLoraFederatedSpeechAndOneDnnHaveALibraryEach() {
    assertThat(libraries())
        .extracting(OperatorLibrary::toString)
        .containsExactlyInAnyOrder(
            "io.adapt4j.core.internal.tensor.OperatorLibrary",
            "io.adapt4j.core.internal.tensor.op.DnnLinear",
            "io.adapt4j.lora.internal.LoraOperators",
            "io.adapt4j.federated.internal.FederatedOperators",
            "io.adapt4j.speech.internal.audio.Spectrogram");
  }

  @Test
  void everyDeclaredOperatorIsAFunctionOfItsLibrary() {
    assertThat(declared)
        .hasSizeGreaterThan(100)
        .allSatisfy(operator -> assertThat(operator.isDefined()).as(operator.name()).isTrue());
  }

  @Test
  void aMisspelledOperatorIsFoundOut() {
    assertThat(declared.get(0).library().operator("dropuot_mask").isDefined()).isFalse();
  }

  @Test
  void everyFunctionIsAnOperatorOrCalledByAnother() {
    for (OperatorLibrary library : libraries()) {
      Set<String> unused = new TreeSet<>(library.functions());
      declared.stream()
          .filter(by -> by.library() == library)
          .map(Operator::name)
          .forEach(unused::remove);
      CALL.matcher(library.sources())
          .results()
          .map((MatchResult call) -> call.group(1))
          .forEach(unused::remove);
      assertThat(unused).as("functions of %s that nobody calls", library).isEmpty();
    }
  }

  /** Those named are the ones whose results are in host memory by their meaning. */
  @Test
  void everyOperatorThatMakesATensorSaysOnWhichDevice() {
    List<String> silent =
        libraries().stream()
            .flatMap(library -> library.sources().lines())
            .filter(line -> FACTORY.matcher(line).results().count() > count(line, "device="))
            .map(String::strip)
            .toList();
    assertThat(silent)
        .containsExactly(
            "return torch.empty(sizes, dtype=dtype)",
            "return torch.zeros(sizes, dtype=dtype)",
            "return torch.to(torch.randn(sizes), dtype)",
            "return torch.tensor(steps, dtype=4)");
  }

  private static long count(String line, String text) {
    return Pattern.compile(text, Pattern.LITERAL).matcher(line).results().count();
  }
}
