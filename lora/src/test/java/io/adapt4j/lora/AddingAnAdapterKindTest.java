package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.peft.AdapterKind;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A kind of adapter is a package and a line. */
class AddingAnAdapterKindTest {

  private static final Path MAIN = Path.of("src/main");

  /** A kind that only names itself. */
  public static final class Vera implements AdapterKind {

    /** The adapter in a folder. */
    record Stored(Path path) implements AdapterMechanics {

      @Override
      public List<String> problems(Network declared) {
        return List.of();
      }

      @Override
      public TrainableSummary trainableSummary(Network declared) {
        throw new UnsupportedOperationException();
      }

      @Override
      public AttachedAdapter attach(Network network) {
        throw new UnsupportedOperationException();
      }
    }

    @Override
    public String name() {
      return "vera";
    }

    @Override
    public String peftType() {
      return "VERA";
    }

    @Override
    public AdapterMechanics at(Path folder) {
      return new Stored(folder);
    }

    @Override
    public Optional<FineTuningMethod> read(Fields options) {
      return Optional.empty();
    }

    @Override
    public Optional<ObjectNode> write(FineTuningMethod method) {
      return Optional.empty();
    }

    @Override
    public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
      return Optional.empty();
    }
  }

  @TempDir private Path folder;

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private URLClassLoader withTheKind;

  /** The one line that adds the kind. */
  @BeforeEach
  void addTheLine() throws IOException {
    Path services = Files.createDirectories(folder.resolve("line/META-INF/services"));
    Files.writeString(services.resolve(MethodProvider.class.getName()), Vera.class.getName());
    withTheKind = new URLClassLoader(new URL[] {folder.resolve("line").toUri().toURL()}, before);
    Thread.currentThread().setContextClassLoader(withTheKind);
  }

  @AfterEach
  void removeTheLine() throws IOException {
    Thread.currentThread().setContextClassLoader(before);
    withTheKind.close();
  }

  private Path stored(String type) throws IOException {
    Path config = Files.createDirectories(folder.resolve(type)).resolve(PeftFolder.CONFIG);
    ObjectNode fields = JsonNodeFactory.instance.objectNode().put("peft_type", type);
    Files.writeString(config, fields.toString());
    return config.getParent();
  }

  @Test
  void aFolderOfTheKindIsReadByIt() throws IOException {
    Path vera = stored("VERA");
    assertThat(AdapterMechanics.of(Adapter.at(vera))).isEqualTo(new Vera.Stored(vera));
  }

  @Test
  void othersSayWhoReadsIt() throws IOException {
    Path vera = stored("VERA");
    refuses(CheckpointException.class, () -> LoraAdapter.at(vera), "expected LORA", "Adapter.at");
    Path boft = stored("BOFT");
    refuses(
        CheckpointException.class,
        () -> LoraAdapter.at(boft),
        "[LORA, IA3, MISS, SHIRA, OFT, VERA]");
  }

  /** A kind: its package, the public class with its provider, and the line. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "ia3;\\bI[aA]3\\w*;Ia3.java Ia3Kind.java",
        "miss;\\bM(iss|ISS)(\\b|[A-Z])\\w*;Miss.java MissKind.java ConvertedToLora.java",
        "shira;\\bS(hira|HIRA)\\w*;Shira.java ShiraKind.java",
        "oft;\\bO(ft|FT)(\\b|[A-Z])\\w*;Oft.java OftKind.java"
      })
  void nothingButItsPackageAndALineKnowsAKind(String folderOfKind, String name, String files)
      throws IOException {
    Pattern named = Pattern.compile(name);
    List<String> expected = new ArrayList<>(List.of(files.split(" ", -1)));
    expected.add(MethodProvider.class.getName());
    try (Stream<Path> all = Files.walk(MAIN)) {
      assertThat(
              all.filter(Files::isRegularFile)
                  .filter(file -> !file.getParent().endsWith(folderOfKind))
                  .filter(file -> !file.toString().endsWith(".py"))
                  .filter(file -> named.matcher(text(file)).find())
                  .map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
