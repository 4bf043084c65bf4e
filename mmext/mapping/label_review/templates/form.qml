<fieldConfiguration>
<field name="verdict"><editWidget type="ValueMap"><config><Option type="Map">
<Option name="map" type="List">
{% for verdict in verdicts %}
<Option type="Map"><Option name="{{ verdict }}" type="QString" value="{{ verdict }}"/></Option>
{% endfor %}
</Option>
</Option></config></editWidget></field>
<field name="thumbnail"><editWidget type="ExternalResource"><config><Option type="Map">
<Option name="DocumentViewer" type="int" value="1"/>
<Option name="RelativeStorage" type="int" value="2"/>
<Option name="PropertyCollection" type="Map">
<Option name="name" type="QString" value=""/>
<Option name="properties" type="Map"><Option name="propertyRootPath" type="Map">
<Option name="active" type="bool" value="true"/>
<Option name="type" type="int" value="3"/>
<Option name="expression" type="QString" value="{{ folder }}"/>
</Option></Option>
<Option name="type" type="QString" value="collection"/>
</Option>
</Option></config></editWidget></field>
</fieldConfiguration>
<mapTip>{% filter forceescape %}<b>[% "rank" %] [% "kind" %]</b><br><img src="file:///[% {{ folder | safe }} %]/[% "thumbnail" %]">{% endfilter %}</mapTip>
