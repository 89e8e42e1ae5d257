package io.adapt4j.langchain4j;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.Mockito.atLeastOnce;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.adapt4j.core.LanguageModel;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.mockito.InOrder;

/** The same as {@link ModelContractTest} asks, of answers that come piece by piece. */
class StreamingModelContractTest extends AbstractStreamingChatModelIT {

  private final LanguageModel model = TestModel.load();

  @AfterAll
  void close() {
    model.close();
  }

  @Override
  protected List<StreamingChatModel> models() {
    return List.of(createModelWith(ChatRequestParameters.builder().build()));
  }

  @Override
  protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
    return builder().defaultRequestParameters(parameters).build();
  }

  @Override
  public StreamingChatModel createModelWith(ChatModelListener listener) {
    return builder().listeners(List.of(listener)).build();
  }

  private Adapt4jStreamingChatModel.Builder builder() {
    return Adapt4jStreamingChatModel.builder()
        .replier("first", new ModelReplier(model, new Script()))
        .replier("second", new ModelReplier(model, new Script()));
  }

  @Override
  protected String customModelName() {
    return "second";
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return Adapt4jChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
  }

  /** The contract waits for half a minute; {@code LangChain4jTest} has it without. */
  @Override
  protected boolean supportsStreamingCancellation() {
    return false;
  }

  @Override
  protected void verifyToolCallbacks(
      StreamingChatResponseHandler handler, InOrder inOrder, String id) {
    verifyCall(handler, inOrder, 0, id, "getWeather", "{\"city\": \"Munich\"}");
  }

  @Override
  protected void verifyToolCallbacks(
      StreamingChatResponseHandler handler, InOrder inOrder, String first, String second) {
    verifyCall(handler, inOrder, 0, first, "getWeather", "{\"city\": \"Munich\"}");
    verifyCall(handler, inOrder, 1, second, "getTime", "{\"country\": \"France\"}");
  }

  private static void verifyCall(
      StreamingChatResponseHandler handler,
      InOrder inOrder,
      int index,
      String id,
      String name,
      String arguments) {
    inOrder
        .verify(handler, atLeastOnce())
        .onPartialToolCall(
            argThat(
                call ->
                    call.index() == index
                        && call.id().equals(id)
                        && call.name().equals(name)
                        && arguments.contains(call.partialArguments())),
            any());
    inOrder.verify(handler).onCompleteToolCall(complete(index, id, name, arguments));
  }

  @Override
  protected boolean supportsSingleImageInputAsBase64EncodedString() {
    return false;
  }

  @Override
  protected boolean supportsSingleImageInputAsPublicURL() {
    return false;
  }
}
