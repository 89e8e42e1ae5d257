package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Generates text. */
@Command(
    name = "generate",
    description =
        "Answers a message, or continues a text. A model that was trained on conversations is asked"
            + " in its chat template; one that writes one text for another, such as T5, reads the"
            + " prompt and writes the other.",
    mixinStandardHelpOptions = true)
final class GenerateCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;
  @Mixin private SamplingArguments sampling;
  @Mixin private BeamArguments beams;
  @Mixin private ModelArgument.Draft draft;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "An adapter to put on the model. May be given more than once.")
  private final List<Path> adapters = new ArrayList<>();

  @ArgGroup(multiplicity = "1")
  private final Start start = new Start();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Instructions before the message, where there is a conversation.")
  private String system;

  @Option(
      names = "--raw",
      description =
          "With --prompt: continue the text itself, without a chat template, also where the model"
              + " was trained on conversations.")
  private boolean raw;

  @Mixin private Adapters.Template template;

  @Option(
      names = "--ignore-context-length",
      description = "Go on past the model's context length, where its positions allow.")
  private boolean ignoreContextLength;

  @Option(
      names = "--prompt-lookup-tokens",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Guess up to N tokens at once where the text repeats its prompt, about 10: the same"
              + " text, sooner where it quotes. Default ${DEFAULT-VALUE}, no guesses.")
  private int promptLookupTokens;

  /** Start of the text. */
  static final class Start {

    @Option(
        names = "--prompt",
        paramLabel = "TEXT",
        required = true,
        description =
            "A text to continue; of a model that was trained on conversations, a message to"
                + " answer.")
    private String prompt;

    @Option(
        names = "--chat",
        paramLabel = "TEXT",
        required = true,
        description = "A user's message to answer, in the chat template.")
    private String chat;

    Start() {}
  }

  GenerateCommand() {}

  @Override
  public Integer call() {
    Path folder = model.folder();
    if (Sequences.are(folder)) {
      return write(folder);
    }
    beams.requireNone();
    GenerationOptions.Builder builder =
        sampling.options().toBuilder().ignoreContextLength(ignoreContextLength);
    SamplingArguments.set(
        "--prompt-lookup-tokens", () -> builder.promptLookupTokens(promptLookupTokens));
    GenerationOptions options = builder.build();
    requireSense();
    Optional<ChatTemplate> chosen = template.resolve();
    Adapter[] loaded = template.adapters(adapters);
    try (LanguageModel opened = LanguageModel.load(ModelSource.path(folder), loaded);
        ModelArgument.Draft.Opened smaller = draft.open(opened)) {
      if (chosen.isPresent()) {
        template.use(opened, chosen.get());
      } else if (template.allowsAny() && adapters.isEmpty()) {
        ChatTemplate.find(folder).ifPresent(opened::useAnyChatTemplate);
      }
      boolean chats = start.chat != null || (!raw && opened.isChatTuned());
      Generation generation = generate(opened, options, chats);
      if (output.isJson()) {
        output.write("", json(generation, options, chats));
      } else {
        output.out().println();
        output.out().flush();
        tell(options, chats);
        if (generation.finishReason() == FinishReason.CONTEXT_LENGTH) {
          output
              .err()
              .println(
                  "Ended at the model's context length of "
                      + opened.contextLength()
                      + " tokens; --ignore-context-length continues where positions allow.");
        }
      }
    }
    return ExitCode.OK;
  }

  /** Generates with an encoder-decoder model. */
  private int write(Path folder) {
    sampling.requireNone();
    Map<String, Boolean> given = new LinkedHashMap<>();
    given.put("--stop", sampling.stops());
    given.put("--chat", start.chat != null);
    given.put("--system", system != null);
    given.put("--raw", raw);
    given.put("--chat-template", template.isNamed() || template.allowsAny());
    given.put("--ignore-context-length", ignoreContextLength);
    given.put("--prompt-lookup-tokens", promptLookupTokens != 0);
    given.put("--draft", draft.isGiven());
    Sequences.refuse(given);
    try (SequenceToSequenceModel opened = Sequences.load(folder, adapters)) {
      String text = opened.generate(start.prompt, beams.options(sampling.limit()));
      output.write(
          text + System.lineSeparator(),
          JsonNodeFactory.instance.objectNode().put("text", text).put("chat", false));
    }
    return ExitCode.OK;
  }

  private void requireSense() {
    if (raw && start.chat != null) {
      throw new IllegalArgumentException(
          "--raw: expected with --prompt, found --chat, which needs the chat template. Leave out"
              + " one of them.");
    }
    if (raw && (system != null || template.isNamed())) {
      throw new IllegalArgumentException(
          (system != null ? "--system" : "--chat-template")
              + ": expected without --raw, which uses no chat template. Leave out one of them.");
    }
  }

  private Generation generate(LanguageModel opened, GenerationOptions options, boolean chats) {
    if (!chats && system != null) {
      throw new IllegalArgumentException(
          "--system: expected with a conversation, found a text to continue. Use --chat instead of"
              + " --prompt.");
    }
    Consumer<String> onText = output.isJson() ? piece -> {} : this::print;
    return chats
        ? opened.chat(messages(), options, onText)
        : opened.generate(start.prompt, options, onText, new CancellationToken());
  }

  private List<ChatMessage> messages() {
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    messages.add(ChatMessage.user(start.chat != null ? start.chat : start.prompt));
    return messages;
  }

  private void print(String piece) {
    output.out().print(piece);
    output.out().flush();
  }

  /** Logs the options to standard error, so that standard output is only the text. */
  private void tell(GenerationOptions options, boolean chats) {
    if (chats && start.prompt != null) {
      output
          .err()
          .println("(answered as a message in the chat template; --raw continues the text itself)");
    }
    if (sampling.drewSeed()) {
      output.err().println("(--seed " + options.seed() + " gives this text again)");
    }
    output.err().flush();
  }

  private static ObjectNode json(Generation generation, GenerationOptions options, boolean chats) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("text", generation.text())
            .put("promptTokens", generation.promptTokens())
            .put("tokens", generation.tokenIds().size())
            .put("finishReason", generation.finishReason().name().toLowerCase(Locale.ROOT))
            .put("chat", chats);
    if (!options.isGreedy()) {
      json.put("seed", options.seed());
    }
    return json;
  }
}
