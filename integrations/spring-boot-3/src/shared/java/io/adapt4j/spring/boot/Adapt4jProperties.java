package io.adapt4j.spring.boot;

import io.adapt4j.core.model.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Configuration properties of the models. Folders are texts: Spring would resolve a relative {@code
 * Path} against a web application's resources.
 *
 * @param model the language model
 * @param generation default generation options of requests
 * @param limits limits on requests
 * @param embedder the embedding model
 * @param server the server with OpenAI's API
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
   * @param path its folder, in Hugging Face's format
   * @param hub its repository on the Hub, as OWNER/NAME, downloaded once; instead of a folder
   * @param name its name in answers, in metrics and for clients of the server
   * @param adapters folders of adapters to apply
   * @param precision data type of weights and computation
   * @param chatTemplate a chat template instead of the model's: a name, a file or a folder
   * @param lazy whether it is loaded at first use instead of at startup
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
   * Default generation options of requests. Unset options are those of {@code
   * GenerationOptions.defaults()}.
   *
   * @param maxNewTokens maximum number of tokens of an answer
   * @param temperature the divisor of the logits; 0 is greedy
   * @param topK number of most probable tokens to keep; 0 keeps all
   * @param topP probability mass of the most probable tokens to keep
   * @param minP minimum probability of a token, relative to the most likely one
   * @param repetitionPenalty repetition penalty; 1 disables it
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
   * Limits on requests.
   *
   * @param running maximum number of concurrent requests, 1 to 32
   * @param waiting maximum number of waiting requests; further ones are refused
   * @param memory memory of the keys and values of running requests; default a quarter of the
   *     machine's
   * @param promptCache size of the prompt cache, which holds keys and values of earlier prompts
   */
  public record Limits(
      @DefaultValue("32") int running,
      @DefaultValue("1024") int waiting,
      @Nullable DataSize memory,
      @DefaultValue("256MB") DataSize promptCache) {}

  /**
   * The embedding model.
   *
   * @param path its folder, in the format of sentence-transformers or of a plain encoder
   * @param hub its repository on the Hub, as OWNER/NAME, downloaded once; instead of a folder
   * @param name its name in answers and for clients of the server
   * @param precision data type of weights and computation
   * @param maxTokens maximum number of tokens of a text; default as the folder says
   * @param lazy whether it is loaded at first use instead of at startup
   */
  public record Embedder(
      @Nullable String path,
      @Nullable String hub,
      @DefaultValue("adapt4j-embedder") String name,
      @DefaultValue("auto") Precision precision,
      @Nullable Integer maxTokens,
      @DefaultValue("false") boolean lazy) {}

  /**
   * The server with OpenAI's API; needs adapt4j-serve.
   *
   * @param enabled whether it is started with the application
   * @param port its port; 0 for any free port
   * @param address the address to listen on; default this machine only
   * @param apiKey the key that requests must have
   * @param allowAnyone whether no key is needed even if other machines can reach the server
   * @param allowOrigins sites whose pages may send requests from a browser (CORS)
   */
  public record Server(
      @DefaultValue("false") boolean enabled,
      @DefaultValue("0") int port,
      @Nullable String address,
      @Nullable String apiKey,
      @DefaultValue("false") boolean allowAnyone,
      @DefaultValue List<String> allowOrigins) {}
}
