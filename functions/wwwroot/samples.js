// Invented sample articles.

const samples = [
  `Rovers lift the cup after extra time

Substitute Ama Castellan scored twice in six minutes as Calder Rovers came back from a goal down to win the final. \
Their goalkeeper, who was to retire in the spring, says she will think again.`,

  `Tide turbine passes its first winter

A turbine moored off the Orrin skerries ran for 140 days without a fault, its engineers report. \
Sensors in the blades showed less wear than the models had predicted, and seals took no notice of it.`,

  `Ferry line Nordhavn orders four ships, shares rise

The operator said profit for the quarter doubled to 61 million euros as fuel became cheaper. \
It will borrow for the new ships, and expects the first to pay for itself in nine years.`,

  `Talks on river treaty move to third capital

Foreign ministers of the three countries along the Sarel met again on Monday after two nights of flooding. \
A draft gives each of them a say over the dams; the smallest asks for observers.`,

  `Stadium builder weighs a loan, and a robot groundsman

The club wants a pitch that mows and lines itself. \
The bank wants to know who pays if the roof, a design never built before, is late.`,
];

let next = 0;

const text = document.getElementById('article-text');
document.getElementById('article-sample').addEventListener('click', () => {
  text.value = samples[next++ % samples.length];
  text.form.requestSubmit();
});
