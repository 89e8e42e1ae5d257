package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.adapt4j.core.LanguageModel;
import java.util.List;
import org.junit.jupiter.api.AfterAll;

/**
 * What LangChain4j asks of every chat model, of a model of this process. Its template renders, its
 * answers are read as they come; only their text is a script's, as small models obey too little.
 */
class ModelContractTest extends AbstractChatModelIT {

  private final LanguageModel model = TestModel.load();

  @AfterAll
  void close() {
    model.close();
  }

  @Override
  protected List<ChatModel> models() {
    return List.of(createModelWith(ChatRequestParameters.builder().build()));
  }

  @Override
  protected ChatModel createModelWith(ChatRequestParameters parameters) {
    return Adapt4jChatModel.builder()
        .replier("first", new ModelReplier(model, new Script()))
        .replier("second", new ModelReplier(model, new Script()))
        .defaultRequestParameters(parameters)
        .build();
  }

  @Override
  protected String customModelName() {
    return "second";
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return Adapt4jChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
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
