package io.adapt4j.spring.boot;

import io.adapt4j.core.model.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What an application says of its models. Folders are texts: Spring would look for a relative
 * {@code Path} among a web application's resources.
 *
 * @param model the language model
 * @param generation how to choose tokens and when to stop, where a request does not say
 * @param limits what requests may take
 * @param embedder the embedding model
 * @param server the server for OpenAI's clients
 */
@ConfigurationProperties("adapt4j")
public record Adapt4jProperties(
    @DefaultValue Model model,
    @DefaultValue Generation generation,
    @DefaultValue Limits limits,
    @DefaultValue Embedder embedder,
    @DefaultValue Server server) {

  /**
   * The language model.
   *
   * @param path its folder, as Hugging Face has them
   * @param hub its repository on the Hub, as OWNER/NAME, downloaded once; instead of a folder
   * @param name what it is called in answers, metrics and by clients of the server
   * @param adapters folders of adapters to put on its weights, usually one
   * @param precision the type of weights and computation
   * @param chatTemplate a chat template instead of the model's: a name, a file or a folder
   * @param lazy whether it is loaded when it is first used instead of at the start
   */
  public record Model(
      @Nullable String path,
      @Nullable String hub,
      @DefaultValue("adapt4j") String name,
      @DefaultValue List<String> adapters,
      @DefaultValue("auto") Precision precision,
      @Nullable String chatTemplate,
      @DefaultValue("false") boolean lazy) {}

  /**
   * How to choose tokens and when to stop, where a request does not say. What is not set is as
   * {@code GenerationOptions.defaults()} says.
   *
   * @param maxNewTokens the most tokens of an answer
   * @param temperature the divisor of the logits; 0 is greedy
   * @param topK how many of the most probable tokens stay; 0 is all
   * @param topP the probability mass of the most probable tokens that stay
   * @param minP the share of the likeliest token's probability below which none is drawn
   * @param repetitionPenalty the penalty of tokens that have occurred; 1 is none
   * @param seed the seed of the random stream
   * @param stop texts that end an answer
   */
  public record Generation(
      @Nullable Integer maxNewTokens,
      @Nullable Double temperature,
      @Nullable Integer topK,
      @Nullable Double topP,
      @Nullable Double minP,
      @Nullable Double repetitionPenalty,
      @Nullable Long seed,
      @DefaultValue List<String> stop) {}

  /**
   * What requests may take.
   *
   * @param running requests that are computed at the same time, 1 to 32
   * @param waiting more requests that wait for their turn; further ones are refused
   * @param memory memory of the keys and values of running requests; a quarter of the machine's
   *     unless set
   * @param promptCache memory of the keys and values that are kept of earlier prompts
   */
  public record Limits(
      @DefaultValue("32") int running,
      @DefaultValue("1024") int waiting,
      @Nullable DataSize memory,
      @DefaultValue("256MB") DataSize promptCache) {}

  /**
   * The embedding model.
   *
   * @param path its folder, of sentence-transformers or of a plain encoder
   * @param hub its repository on the Hub, as OWNER/NAME, downloaded once; instead of a folder
   * @param name what it is called in answers and by clients of the server
   * @param precision the type of weights and computation
   * @param maxTokens the most tokens of a text; as the folder says unless set
   * @param lazy whether it is loaded when it is first used instead of at the start
   */
  public record Embedder(
      @Nullable String path,
      @Nullable String hub,
      @DefaultValue("adapt4j-embedder") String name,
      @DefaultValue("auto") Precision precision,
      @Nullable Integer maxTokens,
      @DefaultValue("false") boolean lazy) {}

  /**
   * The server for OpenAI's clients; needs adapt4j-serve.
   *
   * @param enabled whether it is started with the application
   * @param port where it listens; 0 for any free port
   * @param address the address it listens at; programs of this machine alone unless set
   * @param apiKey the key that requests must show
   * @param allowAnyone needs no key, also where other machines reach the server
   * @param allowOrigins sites whose pages may ask from within a browser
   */
  public record Server(
      @DefaultValue("false") boolean enabled,
      @DefaultValue("0") int port,
      @Nullable String address,
      @Nullable String apiKey,
      @DefaultValue("false") boolean allowAnyone,
      @DefaultValue List<String> allowOrigins) {}
}
