package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.store.Preferences;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;

/** Saves the choice of language and colors. */
public final class PreferencesScreen implements Screen {

  private final Preferences preferences;

  public PreferencesScreen(Preferences preferences) {
    this.preferences = preferences;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (!request.isPost()) {
      throw new Refusal(405, "refused_method");
    }
    Fields form = request.form();
    preferences.choose(form.text("language"), form.text("theme"));
    String back = form.text("back");
    // Only an address of the studio itself: a foreign one would make a trusted link lead anywhere.
    boolean own = back.startsWith(look.base()) && back.matches("/([\\w-][\\w./?=&-]*)?");
    return Response.see(own ? back : look.base());
  }
}
