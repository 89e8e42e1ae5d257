package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelSource;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.Adapter;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Generates text. */
@Command(
    name = "generate",
    description = "Goes on from a prompt, or answers a message.",
    mixinStandardHelpOptions = true)
final class GenerateCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "A LoRA adapter to put on the model. May be given more than once.")
  private final List<Path> adapters = new ArrayList<>();

  @ArgGroup(multiplicity = "1")
  private final Start start = new Start();

  @Option(names = "--system", description = "Instructions before the message of --chat.")
  private String system;

  @Option(
      names = "--max-new-tokens",
      defaultValue = "256",
      description = "Most tokens to generate; default ${DEFAULT-VALUE}.")
  private int maxNewTokens;

  @Option(
      names = "--temperature",
      defaultValue = "0",
      description = "0 takes the likeliest token each time; default ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--top-p",
      defaultValue = "1",
      description = "Chooses among the likeliest tokens of this share; default ${DEFAULT-VALUE}.")
  private double topP;

  @Option(names = "--seed", defaultValue = "0", description = "Default ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--ignore-context-length",
      description = "Go on past the model's context length, where its positions allow.")
  private boolean ignoreContextLength;

  @Option(
      names = "--any-chat-template",
      description = "Use adapters with another chat template than they were trained in.")
  private boolean anyChatTemplate;

  /** What to begin with. */
  static final class Start {

    @Option(names = "--prompt", required = true, description = "A text to go on from.")
    private String prompt;

    @Option(names = "--chat", required = true, description = "A user's message to answer.")
    private String chat;

    Start() {}
  }

  GenerateCommand() {}

  @Override
  public Integer call() {
    GenerationOptions options =
        GenerationOptions.builder()
            .maxNewTokens(maxNewTokens)
            .temperature(temperature)
            .topP(topP)
            .seed(seed)
            .ignoreContextLength(ignoreContextLength)
            .build();
    Adapter[] loaded = adapters.stream().map(this::adapter).toArray(Adapter[]::new);
    try (LanguageModel opened = LanguageModel.load(ModelSource.path(model.folder()), loaded)) {
      Generation generation = generate(opened, options);
      if (output.isJson()) {
        output.write("", json(generation));
      } else {
        output.out().println();
        if (generation.finishReason() == FinishReason.CONTEXT_LENGTH) {
          output
              .err()
              .println(
                  "Ended at the model's context length of "
                      + opened.contextLength()
                      + " tokens; --ignore-context-length goes on where positions allow.");
        }
      }
    }
    return ExitCode.OK;
  }

  private Adapter adapter(Path folder) {
    LoraAdapter adapter = LoraAdapter.at(folder);
    return anyChatTemplate ? adapter.withAnyChatTemplate() : adapter;
  }

  private Generation generate(LanguageModel opened, GenerationOptions options) {
    Consumer<String> onText = output.isJson() ? piece -> {} : this::print;
    return start.prompt != null
        ? opened.generate(start.prompt, options, onText, new CancellationToken())
        : opened.chat(messages(), options, onText);
  }

  private List<ChatMessage> messages() {
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    messages.add(ChatMessage.user(start.chat));
    return messages;
  }

  private void print(String piece) {
    output.out().print(piece);
    output.out().flush();
  }

  private static ObjectNode json(Generation generation) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("text", generation.text())
        .put("promptTokens", generation.promptTokens())
        .put("tokens", generation.tokenIds().size())
        .put("finishReason", generation.finishReason().name().toLowerCase(Locale.ROOT));
  }
}
